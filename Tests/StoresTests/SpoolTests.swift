import Glibc
import Linux
import Stores
import Testing

@Suite struct SpoolTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    private func spool(
        memory: Int = 1000, total: Int = 100_000, messages: Int = 10, freeSpace: Int = 0, watched: [String] = []
    ) -> Spool {
        Spool(
            limits: Spool.Limits(
                directory: directory.path, memoryPerMessage: memory, totalBytes: total, messages: messages,
                freeSpace: freeSpace, watched: watched))
    }

    private static func isFull(_ body: () throws -> Void) -> Bool {
        do {
            try body()
            return false
        } catch SpoolError.full {
            return true
        } catch {
            return false
        }
    }

    private static func pattern(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 131) } }

    // MARK: - Content

    /// Sizes around the threshold, appended in pieces of several sizes: the same octets come out, from memory up to the
    /// threshold and from disk above it.
    @Test func contentIsEqualOnBothSidesOfTheThreshold() throws {
        let spool = spool()
        for size in [0, 1, 999, 1000, 1001, 2000, 5000] {
            for piece in [1, 7, 500, 1000, 10_000] where size / piece < 6000 {
                let bytes = Self.pattern(size)
                let writer = try spool.open(declaredSize: nil)
                var start = 0
                while start < size {
                    let end = min(size, start + piece)
                    #expect(writer.needsDisk(for: end - start) == (end > 1000))
                    try writer.append(Array(bytes[start..<end]))
                    start = end
                    #expect(writer.count == end)
                }
                let message = try writer.finish()
                #expect(message.count == size)
                #expect(message.inMemory == (size <= 1000))
                #expect(try message.descriptor.read(at: 0, count: size + 10) == bytes)
                #expect(try message.descriptor.size() == size)
            }
        }
        #expect(spool.messages == 0 && spool.bytes == 0)
        #expect(directory.names() == [], "the files have no names")
    }

    @Test func aLargeMessageIsCopiedWholeToDisk() throws {
        let spool = spool(memory: 700_000, total: 10_000_000)
        let bytes = Self.pattern(700_000)
        let writer = try spool.open(declaredSize: nil)
        try writer.append(bytes)
        try writer.append(bytes)
        let message = try writer.finish()
        #expect(!message.inMemory)
        #expect(try message.descriptor.read(at: 0, count: 2_000_000) == bytes + bytes)
    }

    @Test func aMessageInMemoryCanNeverChange() throws {
        let message = try spool().store([1, 2, 3])
        #expect(message.inMemory && message.descriptor.isSealed)
        #expect(throws: SystemError("write", code: EPERM)) { try message.descriptor.write([9]) }
        #expect(ftruncate(message.descriptor.raw, 0) == -1 && errno == EPERM)
        let writable = mmap(nil, 3, PROT_READ | PROT_WRITE, MAP_SHARED, message.descriptor.raw, 0)
        #expect(writable == MAP_FAILED)
        // Not even through a descriptor that is opened anew.
        let again = open("/proc/self/fd/\(message.descriptor.raw)", O_RDWR | O_CLOEXEC)
        if again >= 0 {
            defer { close(again) }
            #expect(pwrite(again, [9], 1, 0) == -1)
        }
        #expect(try message.descriptor.read(at: 0, count: 9) == [1, 2, 3])
    }

    @Test func aMessageOnDiskHasNoNameAndNoWriter() throws {
        let message = try spool(memory: 2).store([1, 2, 3])
        #expect(!message.inMemory)
        #expect(message.descriptor.isUnlinkedReadOnlyFile)
        #expect(throws: SystemError("write", code: EBADF)) { try message.descriptor.write([9]) }
        #expect(ftruncate(message.descriptor.raw, 0) == -1)
        #expect(try message.descriptor.read(at: 0, count: 9) == [1, 2, 3])
    }

    // MARK: - Bounds

    @Test func messagesAtOneTime() throws {
        let spool = spool(messages: 3)
        var writers = try (0..<3).map { _ in try spool.open(declaredSize: nil) }
        #expect(spool.messages == 3)
        #expect(Self.isFull { _ = try spool.open(declaredSize: nil) })
        #expect(spool.messages == 3)
        writers.removeLast()
        let last = try spool.open(declaredSize: nil)
        #expect(Self.isFull { _ = try spool.open(declaredSize: nil) })
        _ = last
        writers = []
    }

    @Test func octetsOfAllMessages() throws {
        for memory in [0, 1_000_000] {
            let spool = spool(memory: memory, total: 100)
            let first = try spool.open(declaredSize: nil)
            try first.append(Self.pattern(60))
            let second = try spool.open(declaredSize: nil)
            #expect(Self.isFull { try second.append(Self.pattern(41)) })
            #expect(spool.bytes == 60, "a refused piece takes nothing")
            try second.append(Self.pattern(40))
            #expect(spool.bytes == 100)
            #expect(Self.isFull { try second.append([1]) })
            try second.append([])
            let message = try second.finish()
            #expect(message.count == 40)
            #expect(spool.bytes == 100, "a finished message still takes its place")
        }
    }

    /// A declared size is only looked at: it is refused when it cannot fit, and reserves nothing.
    @Test func declaredSizes() throws {
        let spool = spool(total: 100)
        #expect(Self.isFull { _ = try spool.open(declaredSize: 101) })
        #expect(Self.isFull { _ = try spool.open(declaredSize: Int.max) })
        #expect(spool.messages == 0 && spool.bytes == 0)
        let exact = try spool.open(declaredSize: 100)
        #expect(spool.bytes == 0)
        try exact.append([1])
        #expect(Self.isFull { _ = try spool.open(declaredSize: 100) })
        #expect(Self.isFull { _ = try spool.open(declaredSize: Int.max) })
        _ = try spool.open(declaredSize: 99)
    }

    @Test func newLimitsHoldForNewMessages() throws {
        let spool = spool(memory: 10, total: 100, messages: 1)
        let old = try spool.open(declaredSize: nil)
        var limits = spool.limits
        limits.memoryPerMessage = 1000
        limits.messages = 2
        spool.limits = limits
        let new = try spool.open(declaredSize: nil)
        #expect(old.needsDisk(for: 11) && !new.needsDisk(for: 11))
    }

    // MARK: - Nothing leaks

    @Test func countersReturnToZeroOnEveryPath() throws {
        let spool = spool(memory: 100, total: 1000, messages: 2)
        func expectEmpty(_ path: String) { #expect(spool.messages == 0 && spool.bytes == 0, "\(path)") }
        _ = try spool.open(declaredSize: nil)
        expectEmpty("opened and dropped")
        for size in [50, 150] {
            do {
                let writer = try spool.open(declaredSize: nil)
                try writer.append(Self.pattern(size))
            }
            expectEmpty("dropped after \(size) octets")
            _ = try spool.store(Self.pattern(size))
            expectEmpty("finished with \(size) octets")
        }
        #expect(Self.isFull { _ = try spool.store(Self.pattern(1001)) })
        expectEmpty("refused as a whole")
        do {
            let writer = try spool.open(declaredSize: nil)
            try writer.append(Self.pattern(500))
            #expect(Self.isFull { try writer.append(Self.pattern(501)) })
        }
        expectEmpty("refused in the middle")
        var limits = spool.limits
        limits.directory = directory.path + "/absent"
        spool.limits = limits
        do {
            let writer = try spool.open(declaredSize: nil)
            try writer.append(Self.pattern(50))
            #expect(throws: SpoolError.self) { try writer.append(Self.pattern(100)) }
        }
        expectEmpty("disk that is not there")
        #expect(throws: SpoolError.self) { try spool.store(Self.pattern(500)) }
        expectEmpty("store on a disk that is not there")
    }

    @Test func aReferenceKeepsThePlace() throws {
        let spool = spool()
        var message: MessageFile? = try spool.store([1, 2, 3])
        #expect(spool.messages == 1 && spool.bytes == 3)
        let other = message
        message = nil
        #expect(spool.messages == 1 && other?.count == 3)
    }

    /// Many threads at once: the bounds hold and nothing is left.
    @Test func boundsHoldUnderConcurrency() async throws {
        let spool = spool(memory: 64, total: 2000, messages: 8)
        await withTaskGroup(of: Bool.self) { group in
            for number in 0..<400 {
                group.addTask {
                    guard let message = try? spool.store(Self.pattern(number)) else { return true }
                    let fits = spool.bytes <= 2000 && spool.messages <= 8
                    return fits && (try? message.descriptor.read(at: 0, count: 500)) == Self.pattern(number)
                }
            }
            for await isRight in group { #expect(isRight) }
        }
        #expect(spool.messages == 0 && spool.bytes == 0)
    }

    // MARK: - Disks

    @Test func freeSpaceIsWatched() throws {
        let spool = spool(freeSpace: Int.max, watched: [directory.path])
        #expect(Self.isFull { _ = try spool.open(declaredSize: nil) })
        let absent = self.spool(watched: [directory.path + "/absent"])
        #expect(throws: SpoolError.failed(SystemError("statvfs \(directory.path)/absent", code: ENOENT))) {
            try absent.open(declaredSize: nil)
        }
        #expect(spool.messages == 0 && absent.messages == 0)
        // Without a watched directory it is looked at when the disk is touched.
        let late = self.spool(memory: 10, freeSpace: Int.max)
        _ = try late.store(Self.pattern(10))
        #expect(Self.isFull { _ = try late.store(Self.pattern(11)) })
        #expect(late.messages == 0 && late.bytes == 0)
    }

    @Test(.enabled(if: SmallFileSystem.isPossible, "needs root to mount a small tmpfs"))
    func aFullDiskIsFullAndNothingIsLeft() throws {
        let disk = try SmallFileSystem()
        let spool = Spool(
            limits: Spool.Limits(
                directory: disk.path, memoryPerMessage: 1000, totalBytes: 10_000_000, messages: 10, freeSpace: 0))
        #expect(Self.isFull { _ = try spool.store(Self.pattern(SmallFileSystem.octets + 1)) })
        #expect(
            Self.isFull {
                let writer = try spool.open(declaredSize: nil)
                for _ in 0..<1000 { try writer.append(Self.pattern(1000)) }
            })
        #expect(spool.messages == 0 && spool.bytes == 0)
        #expect(disk.names() == [])
        let message = try spool.store(Self.pattern(SmallFileSystem.octets / 2))
        #expect(!message.inMemory)
    }
}
