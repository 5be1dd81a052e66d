internal import InspectionLink
internal import Linux

/// Notes in the worker's report file when the embedded engine begins and when it is done.
struct EngineMarkFile {
    private let file: Descriptor

    init(_ file: Descriptor) {
        self.file = file
    }

    /// What cannot be noted is not told from the rest of the inspection, which is no reason to end it.
    func note(isAtWork: Bool) {
        try? file.write(EngineMark.record(isAtWork: isAtWork).span, at: 0)
    }
}
