internal import Glibc
internal import Linux
internal import MailModel

/// Why a scanner cannot be reached, with what an administrator can do about it.
struct ConnectFailure: CustomStringConvertible {
    let address: ServerAddress
    /// `errno` of `connect(2)`.
    let code: Int32

    /// Octets of an entry of the group or password file.
    private static let entry = 16_384

    var description: String {
        "\(address): \(SystemError("connect", code: code))" + (advice.isEmpty ? "" : " (\(advice))")
    }

    private var advice: String {
        switch (address, code) {
        case (.unix, ENOENT): "is it running, and is this its socket?"
        case (.unix(let path), EACCES), (.unix(let path), ECONNREFUSED): Self.advice(path, code)
        case (.tcp, ECONNREFUSED): "is it running, and does it listen there?"
        default: ""
        }
    }

    private static func advice(_ path: String, _ code: Int32) -> String {
        var facts = stat()
        guard stat(path, &facts) == 0 else { return "a directory above it is closed to the gateway's user" }
        guard facts.st_mode & S_IFMT == S_IFSOCK else { return "that is no socket" }
        guard code == EACCES else { return "nobody listens any more: is it running?" }
        guard facts.st_mode & S_IWGRP != 0 else { return "it is for one user alone: let a group have it" }
        let group = group(facts.st_gid) ?? "\(facts.st_gid)"
        return "it is for the group \(group): put the gateway's user into that and start the gateway again"
    }

    private static func group(_ number: gid_t) -> String? {
        var record = Glibc.group()
        var buffer = [CChar](repeating: 0, count: entry)
        var found: UnsafeMutablePointer<Glibc.group>?
        guard getgrgid_r(number, &record, &buffer, buffer.count, &found) == 0, let name = found?.pointee.gr_name else {
            return nil
        }
        return String(cString: name)
    }
}
