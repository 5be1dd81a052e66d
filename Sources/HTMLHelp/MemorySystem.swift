internal import CMspack
internal import Glibc

/// What libmspack may open: the help file, or a place for one file of it.
class MemoryFile {
    /// Opened anew for each handle.
    func handle() -> MemoryHandle? { nil }
}

/// The help file.
final class MemorySource: MemoryFile {
    let bytes: UnsafeBufferPointer<UInt8>

    init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    override func handle() -> MemoryHandle? { MemoryHandle(source: self, target: nil) }
}

/// One extracted file.
class MemoryTarget: MemoryFile {
    private(set) var content: [UInt8] = []
    /// More came than the limit.
    private(set) var isFull = false
    private let limit: Int

    init(limit: Int) { self.limit = max(0, limit) }

    override func handle() -> MemoryHandle? { MemoryHandle(source: nil, target: self) }

    /// False when it does not fit; what fits is kept.
    func append(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let fits = min(bytes.count, limit - content.count)
        content.append(contentsOf: bytes.prefix(fits))
        if fits < bytes.count { isFull = true }
        return fits == bytes.count
    }
}

/// An open file.
final class MemoryHandle {
    let source: MemorySource?
    let target: MemoryTarget?
    var at = 0

    init(source: MemorySource?, target: MemoryTarget?) {
        self.source = source
        self.target = target
    }
}

/// libmspack's view of a system: files are in memory, and a file's name is the address of the object that it is.
enum MemorySystem {
    /// The largest piece of memory that libmspack may ask for; its windows are 2 MiB.
    private static let mostMemory = 64 << 20

    static func name(_ file: MemoryFile) -> UnsafePointer<CChar> {
        UnsafePointer(Unmanaged.passUnretained(file).toOpaque().assumingMemoryBound(to: CChar.self))
    }

    private static func handle(_ file: UnsafeMutablePointer<mspack_file>?) -> MemoryHandle? {
        file.map { Unmanaged<MemoryHandle>.fromOpaque(UnsafeRawPointer($0)).takeUnretainedValue() }
    }

    static func free(_ system: UnsafeMutablePointer<mspack_system>) { system.deallocate() }

    /// To be freed after the reader that uses it.
    static func make() -> UnsafeMutablePointer<mspack_system> {
        let system = UnsafeMutablePointer<mspack_system>.allocate(capacity: 1)
        system.initialize(to: mspack_system())
        cmspack_silence(system)
        system.pointee.open = { _, name, _ in
            guard let name else { return nil }
            let file = Unmanaged<MemoryFile>.fromOpaque(UnsafeRawPointer(name)).takeUnretainedValue()
            return file.handle().map {
                Unmanaged.passRetained($0).toOpaque().assumingMemoryBound(to: mspack_file.self)
            }
        }
        system.pointee.close = { file in
            guard let file else { return }
            Unmanaged<MemoryHandle>.fromOpaque(UnsafeRawPointer(file)).release()
        }
        system.pointee.read = { file, buffer, count in
            guard let handle = MemorySystem.handle(file), let source = handle.source, let buffer, count >= 0,
                let base = source.bytes.baseAddress
            else { return -1 }
            let length = min(Int(count), source.bytes.count - handle.at)
            memcpy(buffer, base + handle.at, length)
            handle.at += length
            return Int32(length)
        }
        system.pointee.write = { file, buffer, count in
            guard let target = MemorySystem.handle(file)?.target, let buffer, count >= 0 else { return -1 }
            return target.append(UnsafeRawBufferPointer(start: buffer, count: Int(count))) ? count : -1
        }
        system.pointee.seek = { file, offset, mode in
            guard let handle = MemorySystem.handle(file), let source = handle.source else { return -1 }
            let base =
                mode == Int32(MSPACK_SYS_SEEK_START)
                ? 0 : mode == Int32(MSPACK_SYS_SEEK_CUR) ? handle.at : source.bytes.count
            let (place, isOver) = base.addingReportingOverflow(Int(offset))
            guard !isOver, place >= 0, place <= source.bytes.count else { return -1 }
            handle.at = place
            return 0
        }
        system.pointee.tell = { file in off_t(MemorySystem.handle(file)?.at ?? 0) }
        system.pointee.alloc = { _, size in size <= MemorySystem.mostMemory ? malloc(size) : nil }
        system.pointee.free = { Glibc.free($0) }
        system.pointee.copy = { source, target, count in
            if let source, let target { memcpy(target, source, count) }
        }
        return system
    }
}
