//! The test language of Parlor, and the tests of the whole system.
