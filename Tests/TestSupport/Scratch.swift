internal import Foundation
internal import Glibc
internal import Linux

/// A directory of a test's own, removed with the object. It belongs to the gateway's user and can be entered by all.
package final class Scratch: Sendable {
    /// Where it is made.
    package enum Place: String, Sendable {
        /// A tmpfs, for workspaces.
        case memory = "/dev/shm"
        /// A disk.
        case disk = "/var/tmp"
    }

    package let path: String

    /// - Throws: `SystemError` when the directory cannot be made.
    package init(_ place: Place) throws {
        var template = Array("\(place.rawValue)/mailreeve-test-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw SystemError("mkdtemp in \(place.rawValue)", code: errno) }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        try give("", mode: 0o755)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    /// Makes a directory below this one; returns its path.
    package func directory(_ name: String, mode: UInt32 = 0o755) throws -> String {
        let whole = "\(path)/\(name)"
        if mkdir(whole, mode) != 0, errno != EEXIST { throw SystemError("mkdir \(whole)", code: errno) }
        try give(name, mode: mode)
        return whole
    }

    /// Writes a file below this directory, atomically; returns its path.
    @discardableResult
    package func write(_ name: String, _ text: String, mode: UInt32 = 0o644) throws -> String {
        try write(name, Array(text.utf8), mode: mode)
    }

    @discardableResult
    package func write(_ name: String, _ bytes: [UInt8], mode: UInt32 = 0o644) throws -> String {
        let whole = "\(path)/\(name)"
        descriptorLock.lock()
        defer { descriptorLock.unlock() }
        try Data(bytes).write(to: URL(fileURLWithPath: whole), options: .atomic)
        try give(name, mode: mode)
        return whole
    }

    /// Copies a file to below this directory; returns the copy's path.
    @discardableResult
    package func copy(_ source: String, to name: String, mode: UInt32 = 0o644) throws -> String {
        let whole = "\(path)/\(name)"
        // A program that another thread starts now would inherit the open copy, and a file that is open for writing
        // cannot be executed.
        descriptorLock.lock()
        defer { descriptorLock.unlock() }
        try FileManager.default.copyItem(atPath: source, toPath: whole)
        try give(name, mode: mode)
        return whole
    }

    /// Makes a file below this directory, or the directory itself, the gateway's user's.
    package func give(_ name: String, mode: UInt32) throws {
        let whole = name.isEmpty ? path : "\(path)/\(name)"
        let (_, user, group) = Programs.serviceUser
        try check("chown \(whole)") { chown(whole, user, group) }
        try check("chmod \(whole)") { chmod(whole, mode) }
    }
}
