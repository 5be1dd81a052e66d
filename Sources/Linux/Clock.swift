internal import Glibc

/// Nanoseconds of the monotonic clock.
package func monotonicNow() -> Int {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return time.tv_sec * 1_000_000_000 + time.tv_nsec
}

/// Nanoseconds of processor time that this process has used.
package func processorNow() -> Int {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return time.tv_sec * 1_000_000_000 + time.tv_nsec
}

/// Seconds since 1970, as databases keep them.
package func unixTime() -> UInt32 {
    UInt32(clamping: time(nil))
}
