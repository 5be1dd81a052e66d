import Foundation
import Glibc
import Testing

/// A directory of a test's own, removed with the object.
final class TemporaryDirectory: Sendable {
    /// Where it is made.
    enum Place: String, Sendable, CaseIterable {
        case memory = "/dev/shm"
        case disk = "/var/tmp"
    }

    let path: String

    init(_ place: Place) throws {
        var template = Array("\(place.rawValue)/mailreeve-test-XXXXXX".utf8CString)
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
}
