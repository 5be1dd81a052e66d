internal import Linux
internal import Synchronization

/// The addresses of one scanner, tried in order beginning with the one that answered last.
final class FailoverAddresses: Sendable {
    private let addresses: [ScannerAddress]
    /// Index of the address that answered last.
    private let preferred = Atomic<Int>(0)

    init(_ addresses: [ScannerAddress]) {
        self.addresses = addresses
    }

    /// Does `work` with the first address where it does not fail; each of them has its share of the time that is left.
    /// - Throws: the failures of all.
    func use<Value>(
        _ deadline: Int, _ work: (ScannerAddress, Int) throws(ScannerFailure) -> Value
    ) throws(ScannerFailure) -> Value {
        let first = preferred.load(ordering: .relaxed)
        var failures: [String] = []
        for step in addresses.indices {
            let index = (first + step) % addresses.count
            let now = monotonicNow()
            guard now < deadline else { break }
            let share = now + (deadline - now) / (addresses.count - step)
            do throws(ScannerFailure) {
                let value = try work(addresses[index], share)
                preferred.store(index, ordering: .relaxed)
                return value
            } catch {
                failures.append(error.description)
            }
        }
        throw failures.isEmpty ? .late : ScannerFailure(failures.joined(separator: "; "))
    }
}
