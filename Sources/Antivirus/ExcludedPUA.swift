internal import CClamAV
internal import Glibc

/// Categories of possibly unwanted applications whose signatures are not loaded. libclamav has a list of its own for that, and
/// heeds it with one category alone.
final class ExcludedPUA {
    private let categories: Set<Substring>

    init(_ categories: [String]) {
        self.categories = Set(categories.map { $0[...] })
    }

    /// - Parameter engine: one that is loaded as long as this object lives.
    func leaveOut(_ engine: OpaquePointer) {
        guard !categories.isEmpty else { return }
        cl_engine_set_clcb_sigload(
            engine,
            { _, name, _, context in
                // Of millions of signatures few are of these.
                guard let name, let context, strncmp(name, "PUA.", 4) == 0 else { return 0 }
                let excluded = Unmanaged<ExcludedPUA>.fromOpaque(context).takeUnretainedValue()
                return excluded.holds(String(cString: name)) ? 1 : 0
            }, Unmanaged.passUnretained(self).toOpaque())
    }

    /// `PUA.PLATFORM.CATEGORY.NAME`; old ones have no platform.
    private func holds(_ name: String) -> Bool {
        name.split(separator: ".").dropFirst().dropLast().prefix(2).contains { categories.contains($0) }
    }
}
