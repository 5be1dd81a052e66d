internal import Configuration
internal import Glibc
internal import Relay

/// Sockets that are bound but do not listen yet. Until they are handed over, they are closed when this goes, so that a
/// start or a reload that fails later leaves no port taken.
final class BoundListeners {
    /// By address.
    let descriptors: [ListenAddress: Int32]
    private var handedOver = false

    /// Binds all of them or none.
    init(_ listeners: [Settings.Listener], _ builder: SetupBuilder) throws {
        var descriptors: [ListenAddress: Int32] = [:]
        do {
            for listener in listeners {
                descriptors[listener.address] = try ListeningSocket.bind(
                    SetupBuilder.endpoint(listener.address), access: try builder.access(listener))
            }
        } catch {
            Self.close(descriptors)
            throw error
        }
        self.descriptors = descriptors
    }

    deinit {
        if !handedOver { Self.close(descriptors) }
    }

    /// Somebody else owns the descriptors from now on.
    func handOver() {
        handedOver = true
    }

    private static func close(_ descriptors: [ListenAddress: Int32]) {
        for (address, descriptor) in descriptors {
            Glibc.close(descriptor)
            if case .unix(let path) = address { unlink(path) }
        }
    }
}
