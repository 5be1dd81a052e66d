internal import Glibc

/// `fsync(2)` of several files at one time: the file system's journal then writes them with one flush of the disk instead of
/// one for each. Blocks.
/// - Throws: the failure of the first file in the list that failed.
package func synchronizeTogether(_ files: [Descriptor]) throws(SystemError) {
    BlockingCheck.mayBlock("fsync")
    var mask = sigset_t()
    var before = sigset_t()
    // Signals are the main thread's business; a thread has the mask of the one that starts it.
    sigfillset(&mask)
    pthread_sigmask(SIG_BLOCK, &mask, &before)
    let threads = files.dropFirst().map { synchronizingThread($0.raw) }
    pthread_sigmask(SIG_SETMASK, &before, nil)
    var codes = files.prefix(1).map { synchronized($0.raw) }
    // Each is waited for, whatever became of the others: their descriptors are in use until then.
    for (thread, file) in zip(threads, files.dropFirst()) {
        var code: UnsafeMutableRawPointer?
        if let thread, pthread_join(thread, &code) == 0 {
            codes.append(Int32(truncatingIfNeeded: Int(bitPattern: code)))
        } else {
            codes.append(synchronized(file.raw))
        }
    }
    if let failure = codes.first(where: { $0 != 0 }) { throw SystemError("fsync", code: failure) }
}

/// A thread that synchronizes one file and ends with the `errno`; nil when there is none to be had.
private func synchronizingThread(_ descriptor: Int32) -> pthread_t? {
    var thread = pthread_t()
    let code = pthread_create(
        &thread, nil,
        { argument in
            let descriptor = Int32(truncatingIfNeeded: Int(bitPattern: argument))
            return UnsafeMutableRawPointer(bitPattern: Int(synchronized(descriptor)))
        }, UnsafeMutableRawPointer(bitPattern: Int(descriptor)))
    return code == 0 ? thread : nil
}

/// 0, or the `errno` of `fsync(2)`.
private func synchronized(_ descriptor: Int32) -> Int32 {
    while fsync(descriptor) != 0 {
        let code = errno
        if code != EINTR { return code }
    }
    return 0
}
