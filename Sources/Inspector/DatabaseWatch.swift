internal import Antivirus
internal import InspectionLink
internal import Linux

/// Notices that the files of the signatures have changed. freshclam replaces one after the other, so a change is told when a
/// further look sees no other one.
struct DatabaseWatch {
    private let interval: Int
    private var next: Int
    private var isMoving = false

    /// Nanoseconds after a change until it counts as come to rest.
    private static let rest = 2_000_000_000

    /// - Parameter seconds: between two looks; 0 for none.
    init(seconds: Int) {
        interval = seconds * 1_000_000_000
        next = interval == 0 ? Int.max : monotonicNow() + interval
    }

    /// Until the next look, for `poll(2)`.
    var milliseconds: Int32 {
        next == Int.max ? -1 : Int32(clamping: max(0, next - monotonicNow()) / 1_000_000 + 1)
    }

    /// True once for each change, when it has come to rest.
    mutating func hasChanged(_ engine: ClamAVEngine?, _ settings: ClamAVSettings?) -> Bool {
        guard let engine, let settings, monotonicNow() >= next else { return false }
        if engine.databaseHasChanged(settings.database) {
            isMoving = true
            next = monotonicNow() + min(Self.rest, interval)
            return false
        }
        next = monotonicNow() + interval
        defer { isMoving = false }
        return isMoving
    }
}
