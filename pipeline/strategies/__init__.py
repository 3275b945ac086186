"""Every strategy for tracks by name. To add one: write its file, add its line."""

from pipeline.strategies.adapted import Adapted
from pipeline.strategies.autoregressive import Autoregressive
from pipeline.strategies.base import TrackStrategy as TrackStrategy
from pipeline.strategies.city_traffic import CityTraffic
from pipeline.strategies.compose import Mirrored, Mixture, Sequential
from pipeline.strategies.convolutional_gan import ConvolutionalGan
from pipeline.strategies.copies import Copies
from pipeline.strategies.doppelganger import DoppelGanger
from pipeline.strategies.factorised_gan import FactorisedGan
from pipeline.strategies.filters import CriticScore, Filtered, KinematicEnvelope
from pipeline.strategies.flip import Flip
from pipeline.strategies.flow_matching import FlowMatching
from pipeline.strategies.gmm import Gmm
from pipeline.strategies.infogan import InfoGan
from pipeline.strategies.jitter import Jitter
from pipeline.strategies.markov import Markov
from pipeline.strategies.noise import Noise
from pipeline.strategies.per_class import PerClass
from pipeline.strategies.recombination import Recombination
from pipeline.strategies.recurrent_gan import RecurrentGan
from pipeline.strategies.residual_gan import ResidualGan
from pipeline.strategies.scale import Scale
from pipeline.strategies.scheduled import Scheduled
from pipeline.strategies.sequence_gan import SequenceGan
from pipeline.strategies.speed import Speed
from pipeline.strategies.time_gan import TimeGan
from pipeline.strategies.time_warp import TimeWarp
from pipeline.strategies.vae import Vae

_FILTERED_GAN = Filtered(SequenceGan(), (KinematicEnvelope(), CriticScore()), name="gan")

TRACK_STRATEGIES: dict[str, TrackStrategy] = {
    "copies": Copies(),
    "noise": Noise(),
    "flip": Flip(),
    "scale": Scale(),
    "speed": Speed(),
    "jitter": Jitter(),
    "time_warp": TimeWarp(),
    "classical": Sequential((Copies(), Flip(), Scale(), Speed(), Jitter()), probability=0.5, name="classical"),
    "gan": _FILTERED_GAN,
    "gan_unfiltered": SequenceGan(name="gan_unfiltered"),
    "flip+gan": Mixture((Flip(), Mirrored(_FILTERED_GAN)), (0.6, 0.4), name="flip+gan"),
    "flip+gan_then_flip": Scheduled(Mirrored(_FILTERED_GAN), base=Flip(), name="flip+gan_then_flip"),
    "recombination": Recombination(),
    "flip+recombination": Mixture((Flip(), Mirrored(Recombination())), (1.0, 2.0), name="flip+recombination"),
    "flip+recombination_vehicles": Mixture(
        (Flip(), PerClass(Mirrored(Recombination()))), (1.0, 2.0), name="flip+recombination_vehicles"
    ),
    "flip+recombination_then_flip": Scheduled(
        Mirrored(Recombination()), base=Flip(), name="flip+recombination_then_flip"
    ),
    "flip+recombination_fading": Scheduled(
        Mirrored(Recombination()), "curriculum", until=1.0, base=Flip(), name="flip+recombination_fading"
    ),
    "city_traffic": CityTraffic(),
    "flip+city_traffic": Mixture((Flip(), Mirrored(CityTraffic())), (1.0, 2.0), name="flip+city_traffic"),
    "flip+city_traffic_then_flip": Scheduled(Mirrored(CityTraffic()), base=Flip(), name="flip+city_traffic_then_flip"),
    "flip+recombination+city_traffic": Mixture(
        (Flip(), Mirrored(Recombination()), Mirrored(CityTraffic())),
        (1.0, 1.0, 1.0),
        name="flip+recombination+city_traffic",
    ),
    "flip+recombination+city_traffic_then_flip": Scheduled(
        Mirrored(Mixture((Recombination(), CityTraffic()), (1.0, 1.0))),
        base=Flip(),
        name="flip+recombination+city_traffic_then_flip",
    ),
    "city_adapted": Adapted(part=CityTraffic(), name="city_adapted"),
    "factorised_gan": FactorisedGan(),
    "flip+factorised_gan": Mixture((Flip(), Mirrored(FactorisedGan())), (0.6, 0.4), name="flip+factorised_gan"),
    "gmm": Gmm(),
    "vae": Vae(),
    "flow": FlowMatching(),
    "residual_gan": ResidualGan(),
    "flip+residual_gan": Mixture((Flip(), Mirrored(ResidualGan())), (0.6, 0.4), name="flip+residual_gan"),
    "conv_gan": ConvolutionalGan(),
    "rcgan": RecurrentGan(),
    "infogan": InfoGan(),
    "doppelganger": DoppelGanger(),
    "timegan": TimeGan(),
    "markov": Markov(),
    "autoregressive": Autoregressive(),
}

PLACEBOS = ("copies", "noise")
"""Strategies that must not gain; every study runs them."""

UPPER_BOUNDS = ("oracle",)
"""Strategies that are told what nobody has: they show what could be gained at best, and are never the answer."""
