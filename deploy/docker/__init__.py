"""Parts that only containers need: the image, the set-up before the first start, health, and the ingress."""
