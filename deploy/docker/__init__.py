"""What only containers need: the image, the set-up before the first start, health, and the way in from outside."""
