import Foundation
import Glibc
import Testing

/// A directory of a test's own, removed with the object; in memory where there is room for it, since thousands of files
/// are synchronized.
final class TemporaryDirectory: Sendable {
    let path: String

    init() throws {
        let parent = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/var/tmp"
        var template = Array("\(parent)/mailreeve-test-XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    /// Names in a directory below this one, sorted.
    func names(_ directory: String = "") -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: "\(path)/\(directory)")) ?? []).sorted()
    }

    func write(_ name: String, _ bytes: [UInt8]) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: "\(path)/\(name)"))
    }

    func read(_ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: "\(path)/\(name)")))
    }
}

/// A tmpfs of 256 KiB: a file system that can really be full. Needs root.
final class SmallFileSystem: Sendable {
    static let octets = 262_144
    /// `MNT_DETACH` of `umount2(2)`, whose type in Swift differs between versions of the C library.
    private static let detach: Int32 = 2
    static let isPossible: Bool = {
        guard geteuid() == 0, let probe = try? SmallFileSystem() else { return false }
        return !probe.path.isEmpty
    }()

    private let directory: TemporaryDirectory
    var path: String { directory.path }

    init() throws {
        directory = try TemporaryDirectory()
        let mounted = mount("none", directory.path, "tmpfs", UInt(MS_NOSUID), "size=\(Self.octets),mode=0700")
        try #require(mounted == 0, "mount: \(errno)")
    }

    deinit {
        umount2(directory.path, Self.detach)
    }

    func names(_ name: String = "") -> [String] { directory.names(name) }
}
