internal import Synchronization

/// The options of one listener that hold for the next connection.
final class CurrentOptions: Sendable {
    private let box: Mutex<ListenerOptions>

    init(_ options: ListenerOptions) {
        box = Mutex(options)
    }

    var value: ListenerOptions {
        get { box.withLock { $0 } }
        set { box.withLock { $0 = newValue } }
    }
}
