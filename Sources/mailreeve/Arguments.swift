import ArgumentParser
import Configuration
import MailModel
import SMTP

/// A mail address on the command line, with or without angle brackets; empty or `<>` is the null path.
struct AddressArgument: ExpressibleByArgument {
    let path: MailPath

    /// nil when SMTP could not carry it.
    init?(argument: String) {
        var bytes = Array(argument.utf8)[...]
        if bytes.first == 0x3C, bytes.last == 0x3E, bytes.count > 1 { bytes = bytes.dropFirst().dropLast() }
        guard !bytes.contains(where: { $0 < 0x20 || $0 == 0x7F }), let path = try? PathGrammar.parse(bytes) else {
            return nil
        }
        self.path = path
    }

    init(_ text: String) {
        path = MailPath(text)
    }

    /// True for an address with its domain, without brackets, that mail may come for.
    static func isMailbox(_ text: String) -> Bool {
        let path = MailPath(text)
        return path.domain != nil && AddressArgument(argument: text)?.path == path
    }

    var defaultValueDescription: String { "<\(path)>" }
}

/// A server on the command line: `127.0.0.1:10024`, `[::1]:10024`, `host:port`, `unix:/path`.
struct ServerArgument: ExpressibleByArgument {
    /// Where it is; the protocol is chosen by the command.
    let place: Place

    enum Place: Hashable {
        case tcp(host: String, port: Int)
        case unix(path: String)
    }

    init?(argument: String) {
        switch try? NextHopAddress(parsing: "smtp:" + argument) {
        case .tcp(_, let host, let port): place = .tcp(host: host, port: port)
        case .unix(_, let path): place = .unix(path: path)
        case .maildir, nil: return nil
        }
    }

    init(_ place: Place) {
        self.place = place
    }
}

extension ServerArgument: CustomStringConvertible {
    var description: String {
        switch place {
        case .tcp(let host, let port): host.utf8.contains(0x3A) ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unix(let path): "unix:\(path)"
        }
    }

    var defaultValueDescription: String { description }
}
