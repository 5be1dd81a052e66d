internal import CSandbox
internal import Glibc
internal import Synchronization

/// Finds calls that wait for a disk on a thread that must never wait: an event loop (everybody's connections stand
/// still) or Swift's cooperative pool (two threads here: all tasks do). Only debug builds look, and only after `arm()`,
/// so that the tests of the daemon fail when the rule is broken.
package enum BlockingCheck {
    private static let armed = Atomic<Bool>(false)

    /// From here on, calls on the wrong thread end the process. For the daemon; commands may block where they like.
    package static func arm() {
        armed.store(true, ordering: .relaxed)
    }

    /// Says that what follows may wait for a disk.
    package static func mayBlock(_ what: StaticString) {
        #if DEBUG
            guard armed.load(ordering: .relaxed), let name = offender() else { return }
            assertionFailure("\(what) blocks on thread \(name)")
        #endif
    }

    /// The name of this thread when it is one that must not block.
    static func offender() -> String? {
        var buffer = [CChar](repeating: 0, count: 16)
        guard csandbox_thread_name(&buffer) == 0 else { return nil }
        let name = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        // NIO's loops are called NIO-ELT-<group>-#<loop>; threads of the cooperative pool carry the (cut) label of
        // Dispatch's root queues, which end in -qos or -qos.cooperative.
        let isLoop = name.hasPrefix("NIO-ELT-")
        let isCooperative = name.contains("-qos") || name.hasSuffix("cooperative")
        return isLoop || isCooperative ? name : nil
    }
}
