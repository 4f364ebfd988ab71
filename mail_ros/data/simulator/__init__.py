"""Simulated buildings, and the robots and persons that measure the magnetic field in them.

    corridor_plan         corridors between corners, and routes over them
    bodies                magnetized blocks and wires (magpylib), and the fittings of a corridor
    building              floors that look alike, their field on a grid
    simulation_config     every setting of a building and of a drive
    path, trajectory      where a route leads; when; body_motion: and how the body leans
    sensors               readings of magnetometer, wheels and inertial unit, with errors
    drive                 drive(building, config, seed) --> SimulatedDrive; surveys: through every corridor, both ways
    demo                  the small building of the demo, and its drives
    simulated_drive       the result, as tracks; drive_bag: as bags

Seeds determine everything: the same seed gives the same building and the same drive on every machine.
"""
