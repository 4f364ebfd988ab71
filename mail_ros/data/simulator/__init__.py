"""Made-up buildings and sites, and the robots and people that measure their field.

    plan       corridors between corners, and routes over them
    dipoles    the site of the demo: one floor, magnets as dipoles; demo: walks through it
    bodies     magnetized blocks and wires (magpylib); fittings: what stands along a corridor
    building   floors that look alike, their field on a grid
    config     what a drive is like, every setting; settings: as a command line gives them
    way        where a route leads; course: when; motion: and how the body leans
    sensor, wheels, imu   what is measured there, and how wrong it is
    drive      all of this once: drive(building, config, seed) --> SimulatedDrive
    survey     drives through every corridor, both ways
    walk       what comes out, as tracks; bag: as bags

Everything follows from seeds: a building and a walk are the same wherever they are made again.
"""
