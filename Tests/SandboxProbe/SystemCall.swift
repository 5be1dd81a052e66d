import Glibc

/// System calls by number: `syscall(2)` is variadic and not imported, and most of these have no function in the C library.
enum SystemCall {
    #if arch(x86_64)
        static let ptrace = 101
        static let mount = 165
        static let keyctl = 250
        static let unshare = 272
        static let prlimit = 302
        static let openByHandleAt = 304
        static let processVMRead = 310
        static let bpf = 321
        static let userfaultfd = 323
        /// getpid(2) by its x32 number.
        static let otherConvention: Int? = 0x4000_0000 + 39
    #else
        static let ptrace = 117
        static let mount = 40
        static let keyctl = 219
        static let unshare = 97
        static let prlimit = 261
        static let openByHandleAt = 265
        static let processVMRead = 270
        static let bpf = 280
        static let userfaultfd = 282
        static let otherConvention: Int? = nil
    #endif
    static let ioUringSetup = 425
    static let clone3 = 435
    static let pidfdGetFD = 438

    private typealias Function = @convention(c) (Int, Int, Int, Int, Int, Int, Int) -> Int

    /// Found before the sandbox closes; integer arguments travel in the same registers with and without "...".
    private static let function: Function? = dlsym(nil, "syscall").map { unsafeBitCast($0, to: Function.self) }

    /// Makes a call; missing arguments are 0.
    static func call(_ number: Int, _ arguments: [Int]) -> Int {
        let padded = arguments + Array(repeating: 0, count: 6 - arguments.count)
        guard let function else { return 0 }
        return function(number, padded[0], padded[1], padded[2], padded[3], padded[4], padded[5])
    }
}
