"""Simulated buildings, and the robots and persons that measure the magnetic field in them.

    floor_plan            corridors between corners, and routes over them
    bodies, fittings      magnetized blocks and wires (magpylib); the fittings of a corridor
    building              floors that look alike, their field on a grid; demo_building: the small one of the demo
    simulation_config     every setting of a drive; simulation_settings: as a command line gives them
    path, trajectory      where a route leads; when; body_motion: and how the body leans
    sensor, wheels, imu   their readings, with errors
    drive                 all of this once: drive(building, config, seed) --> SimulatedDrive
    survey                drives through every corridor, both ways; demo: the drives of the demo
    simulated_drive       the result, as tracks; bag: as bags

Seeds determine everything: the same seed gives the same building and the same drive on every machine.
"""
