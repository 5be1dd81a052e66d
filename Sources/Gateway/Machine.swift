package import Configuration
internal import Glibc
internal import Linux

/// Facts about the machine that settings are measured against.
package enum Machine {
    /// Processors that are online.
    package static var processors: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }

    /// The name that the machine has given itself; `localhost` when it has none.
    package static var name: String {
        var name = [CChar](repeating: 0, count: 256)
        guard gethostname(&name, 255) == 0 else { return "localhost" }
        let bytes = name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        return bytes.isEmpty ? "localhost" : String(decoding: bytes, as: UTF8.self)
    }

    /// How large the workspace may become here, against the tmpfs that it is on.
    package static func workspaceSizing(_ settings: Settings) -> WorkspaceSizing {
        WorkspaceSizing(settings, processors: processors, tmpfsBytes: tmpfsBytes(settings.workspace.directory))
    }

    /// Why the gateway would refuse the workspace as it is now; nil where it would not, or where it is still to be made.
    package static func workspaceRefusal(_ settings: Settings) -> String? {
        do {
            try Workspace.demandPrivateMemory(
                settings.workspace.directory, allowNonTmpfs: settings.workspace.allowNonTmpfs)
            return nil
        } catch {
            return (error as? WorkspaceError)?.description
        }
    }

    /// Octets of the tmpfs that a path is on, or that its nearest existing parent is on; nil when it is no tmpfs.
    private static func tmpfsBytes(_ path: String) -> Int? {
        var path = path
        while true {
            if let found = try? FileSystem(of: path.isEmpty ? "/" : path) { return found.isTmpfs ? found.size : nil }
            guard let slash = path.lastIndex(of: "/") else { return nil }
            path = String(path[..<slash])
        }
    }
}
