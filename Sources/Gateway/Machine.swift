internal import Glibc
internal import Linux

/// Facts about the machine that settings are measured against.
package enum Machine {
    /// Processors that are online.
    package static var processors: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }

    /// Octets of the tmpfs that a path is on, or that its nearest existing parent is on; nil when it is no tmpfs.
    package static func tmpfsBytes(_ path: String) -> Int? {
        var path = path
        while true {
            if let found = try? FileSystem(of: path.isEmpty ? "/" : path) { return found.isTmpfs ? found.size : nil }
            guard let slash = path.lastIndex(of: "/") else { return nil }
            path = String(path[..<slash])
        }
    }
}
