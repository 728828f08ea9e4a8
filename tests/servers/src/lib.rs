//! Starts Postgres and NATS for tests: own processes, free ports, temporary directories, ended whatever happens.
