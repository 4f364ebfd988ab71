"""Made-up buildings and sites, and the robots and people that measure their field.

    plan      corridors between corners, and routes over them
    dipoles   the site of the demo: one floor, magnets as dipoles
    demo      walks through it, with a sensor whose axes stay fixed to the map
    bodies    what bends the field in a building: columns, doors, rebar, lifts, cables (magpylib)
    building  floors that look alike, their field on a grid
    config    what a drive is like: DriveConfig
    motion    where a body is, whenever it is measured: speed, stops, spins, reversals; a person's gait
    sensor, wheels, imu   what is measured there, and how wrong it is
    drive     all of this once: drive(building, config, seed) --> SimulatedDrive
    survey    drives through every corridor, both ways
    walk      what comes out, as tracks;  bag: as bags

Everything follows from seeds: a building and a walk are the same wherever they are made again.
"""
