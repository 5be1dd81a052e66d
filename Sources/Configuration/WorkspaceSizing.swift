/// How large the workspace may become, against the file system it is on: what `check-config` prints, and of which
/// the daemon warns.
///
/// Of `workers` inspections at one time each holds its message (at most `limits.message_size`) and what was unpacked from it
/// (`workspace.expansion` times as much); 7/8 as not all are at their largest at once. Each scanner that reads files
/// has as much again in a directory of its own, `concurrency` times.
package struct WorkspaceSizing: Hashable, Sendable {
    /// The estimate in octets.
    package let needed: Int
    /// Size of the tmpfs in octets; nil when it is not known.
    package let available: Int?
    /// Octets that one message may write.
    package let perMessage: Int
    private let terms: String
    private let directory: String

    /// Computes the estimate; `processors` stands in for `inspector.workers` 0.
    package init(_ settings: Settings, processors: Int, tmpfsBytes: Int?) {
        let workers = settings.inspector.workers > 0 ? settings.inspector.workers : max(1, processors)
        let expansion = settings.workspace.expansion
        let readers = settings.scanners.filter(\.kind.readsFiles).reduce(0) { $0 + $1.concurrency }
        let inspected = saturatingProduct([settings.limits.messageSize, 1 + expansion, workers, 7]) / 8
        let copied = saturatingProduct([readers, settings.limits.messageSize, 1 + expansion])
        needed = inspected.addingReportingOverflow(copied).overflow ? .max : inspected + copied
        available = tmpfsBytes
        perMessage = settings.unpacking.workspace
        directory = settings.workspace.directory
        let largest = "\(sizeText(settings.limits.messageSize)) x (1 + \(expansion))"
        terms =
            "\(largest) x \(workers) workers x 7/8" + (readers > 0 ? " + \(largest) x \(readers) for scanners" : "")
    }

    /// True when the estimate fits, or when nothing is known to the contrary.
    package var fits: Bool { available.map { needed <= $0 } ?? true }

    /// `workspace: 10 MiB x (1 + 2) x 5 workers x 7/8 = 131.25 MiB; /run/... has 256.00 MiB`.
    package var line: String {
        let size = available.map { "\(directory) has \(mebibytes($0))" } ?? "the size of \(directory) is not known"
        return "workspace: \(terms) = \(mebibytes(needed)); \(size)"
    }

    /// What to tell of a workspace that is too small, for what messages usually need and for what one may write, each with
    /// the settings that it lies in.
    package var warnings: [(keys: [String], text: String)] {
        guard let available else { return [] }
        var warnings: [(keys: [String], text: String)] = []
        if !fits {
            warnings.append(
                (
                    ["workspace.directory", "limits.message_size", "inspector.workers", "workspace.expansion"],
                    "the workspace may need \(mebibytes(needed)) but \(directory) has \(mebibytes(available)): "
                        + "enlarge the tmpfs, or lower limits.message_size, inspector.workers or concurrency of scanners"
                ))
        }
        if perMessage > available {
            warnings.append(
                (
                    ["unpacking.workspace", "workspace.directory"],
                    "one message may write \(mebibytes(perMessage)) but \(directory) has \(mebibytes(available)): mail that "
                        + "unpacks to more gets 452 each time it is tried; enlarge the tmpfs, or lower unpacking.workspace"
                ))
        }
        return warnings
    }

    /// The warnings at the first of their settings that the file has.
    package func problems(in loaded: LoadedConfiguration) -> [Problem] {
        warnings.map { warning in
            Problem(
                file: loaded.file, position: warning.keys.compactMap { loaded.origins[$0] }.first, severity: .warning,
                message: warning.text)
        }
    }
}

/// The product, or the largest number when it cannot be counted.
private func saturatingProduct(_ factors: [Int]) -> Int {
    var product = 1
    for factor in factors {
        let (next, overflow) = product.multipliedReportingOverflow(by: factor)
        if overflow { return .max }
        product = next
    }
    return product
}

/// Octets in MiB with two digits after the point, cut.
private func mebibytes(_ octets: Int) -> String {
    let hundredths = octets % 1_048_576 * 100 / 1_048_576
    return "\(octets / 1_048_576).\(hundredths < 10 ? "0" : "")\(hundredths) MiB"
}
