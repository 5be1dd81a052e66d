internal import MailModel

/// A message that a scanner is given in pieces. A failure at one of them takes nothing back that was found in another: else
/// an attachment on which the scanner fails would hide the virus beside it.
struct PieceByPiece {
    private var found = ScanAnswer()
    private var failure: ScannerFailure?

    /// Asks about one piece.
    mutating func take(_ ask: (inout ScanAnswer) throws(ScannerFailure) -> Void) {
        do throws(ScannerFailure) {
            try ask(&found)
        } catch {
            failure = failure ?? error
        }
    }

    /// What was found, with the first failure as what was not looked at.
    /// - Throws: that failure where nothing was found.
    func answer() throws(ScannerFailure) -> ScanAnswer {
        guard let failure else { return found }
        guard found.isInfected else { throw failure }
        var answer = found
        answer.addUnchecked(.scannerFailed, failure.description)
        return answer
    }
}
