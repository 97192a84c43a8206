"""The engine's simulation: three services that do little but use all of the engine, so that a seed is cheap."""
