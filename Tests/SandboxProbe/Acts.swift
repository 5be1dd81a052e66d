import Glibc
import Linux

/// One thing to try inside the sandbox. `attempt` returns 0 when it worked, otherwise `errno`.
struct Act: Sendable {
    var name: String
    var attempt: @Sendable () -> Int32

    init(_ name: String, _ attempt: @escaping @Sendable () -> Int32) {
        self.name = name
        self.attempt = attempt
    }
}

/// Everything that is tried.
enum Acts {
    /// Address space and file size that the probe's sandbox allows, octets.
    static let memory = 64 << 20
    static let fileSize = 1 << 20

    /// A socket from before the sandbox: its creation is not what must stop a connection.
    private static let openSocket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)

    static let all: [Act] = {
        _ = openSocket
        return files + processes + network + kernel + limits
    }()

    private static func result(_ value: some SignedInteger) -> Int32 {
        value == -1 ? errno : 0
    }

    private static func call(_ number: Int, _ arguments: Int...) -> Int32 {
        result(SystemCall.call(number, arguments))
    }

    private static func open(_ path: String, _ flags: Int32) -> Int32 {
        result(Glibc.open(path, flags | O_CLOEXEC, 0o600))
    }

    private static let files = [
        Act("create inside") { open("file", O_WRONLY | O_CREAT) },
        Act("read inside") { open("file", O_RDONLY) },
        Act("truncate inside") { open("file", O_WRONLY | O_TRUNC) },
        Act("unlink inside") { result(unlink("file")) },
        Act("mkdir inside") { result(mkdir("directory", 0o700)) },
        Act("list inside") { opendir("directory") == nil ? errno : 0 },
        Act("rmdir inside") { result(rmdir("directory")) },
        Act("symlink inside") { result(symlink("/etc/passwd", "link")) },
        Act("hard link inside") { result(link(".", "link")) },
        Act("rename inside") { result(rename("file", "other")) },
        Act("mkfifo inside") { result(mkfifo("fifo", 0o600)) },
        Act("chmod inside") { result(chmod(".", 0o777)) },
        Act("read /etc/passwd") { open("/etc/passwd", O_RDONLY) },
        Act("read the directory above") { open("..", O_RDONLY | O_DIRECTORY) },
        Act("create outside") { open("../outside", O_WRONLY | O_CREAT) },
        Act("truncate by path") { result(truncate("/dev/null", 0)) },
        Act("write /dev/null") { open("/dev/null", O_WRONLY) },
        Act("open by handle") { call(SystemCall.openByHandleAt, -100, 0, 0) },
        Act("change the root") { result(chroot(".")) },
    ]

    private static let processes = [
        Act("execute") {
            var arguments: [UnsafeMutablePointer<CChar>?] = [strdup("/bin/true"), nil]
            return result(execve("/bin/true", &arguments, environ))
        },
        Act("fork") { result(fork()) },
        Act("clone3") { call(SystemCall.clone3, 0, 0) },
        Act("signal the parent") { result(kill(getppid(), 0)) },
        Act("own a descriptor's signals") { result(fcntl(0, F_SETOWN, getppid())) },
        Act("limit the parent") {
            var limit = rlimit(rlim_cur: 1, rlim_max: 1)
            return withUnsafeMutablePointer(to: &limit) {
                call(SystemCall.prlimit, Int(getppid()), 0, Int(bitPattern: $0), 0)
            }
        },
        Act("trace the parent") { call(SystemCall.ptrace, 16, Int(getppid()), 0, 0) },
        Act("read the parent's memory") { call(SystemCall.processVMRead, Int(getppid()), 0, 0, 0, 0, 0) },
        Act("open the parent's memory") { open("/proc/\(getppid())/mem", O_RDONLY) },
        Act("take the parent's descriptor") { call(SystemCall.pidfdGetFD, 0, 0, 0) },
    ]

    private static let network = [
        Act("Internet socket") { result(socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)) },
        Act("Unix socket") { result(socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)) },
        Act("connect a socket from before") {
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = 9
            return withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    result(connect(openSocket, $0, socklen_t(MemoryLayout<sockaddr_in>.size)))
                }
            }
        },
        Act("listen on a socket from before") { result(listen(openSocket, 1)) },
    ]

    private static let kernel = [
        Act("map executable memory") {
            let flags = MAP_PRIVATE | MAP_ANONYMOUS
            return mmap(nil, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, flags, -1, 0) == MAP_FAILED ? errno : 0
        },
        Act("make memory executable") {
            let page = mmap(nil, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
            return result(mprotect(page, 4096, PROT_READ | PROT_EXEC))
        },
        Act("io_uring") { call(SystemCall.ioUringSetup, 1, 0) },
        Act("bpf") { call(SystemCall.bpf, 0, 0, 0) },
        Act("userfaultfd") { call(SystemCall.userfaultfd, 0) },
        Act("keyctl") { call(SystemCall.keyctl, 0, 0, 0, 0, 0) },
        Act("unshare") { call(SystemCall.unshare, 0) },
        Act("mount") { call(SystemCall.mount, 0, 0, 0, 0, 0) },
        Act("another calling convention") { SystemCall.otherConvention.map { call($0) } ?? EPERM },
    ]

    private static let limits = [
        Act("memory within the limit") {
            mmap(nil, memory / 2, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? errno : 0
        },
        Act("memory over the limit") {
            mmap(nil, memory + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED
                ? errno : 0
        },
        Act("file of the limit") { write(fileSize, to: "large") },
        Act("file over the limit") {
            let first = write(fileSize, to: "large")
            guard first == 0 else { return 254 }
            let file = Glibc.open("large", O_WRONLY | O_APPEND)
            return result(Glibc.write(file, "x", 1))
        },
        Act("remove the large file") { result(unlink("large")) },
        Act("descriptors over the limit") {
            for _ in 0...WorkerSandbox.descriptors where dup(0) == -1 { return errno }
            return 0
        },
    ]

    private static func write(_ count: Int, to path: String) -> Int32 {
        let file = Glibc.open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        guard file >= 0 else { return errno }
        let bytes = [UInt8](repeating: 0, count: count)
        return Glibc.write(file, bytes, count) == count ? 0 : errno
    }
}
