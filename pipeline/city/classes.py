"""Class ids of the semantic images: those of Cityscapes (Cordts et al., CVPR 2016), which KITTI's own use too."""

ROAD, SIDEWALK, PARKING, STATIC, BUILDING, POLE, LIGHT, SIGN, VEGETATION, TERRAIN, SKY = (
    7, 8, 9, 4, 11, 17, 19, 20, 21, 22, 23,
)  # fmt: skip
PERSON, RIDER, CAR, TRUCK, BICYCLE = 24, 25, 26, 27, 33

OF_KIND = {"Car": CAR, "Van": CAR, "Truck": TRUCK, "Pedestrian": PERSON, "Cyclist": RIDER}
"""Cityscapes knows no vans: they are cars."""
