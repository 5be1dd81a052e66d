/// One worker: the generation that it was forked from and its number within it.
package struct WorkerID: Hashable, Sendable {
    package var generation: Int
    package var number: Int

    package init(generation: Int, number: Int) {
        self.generation = generation
        self.number = number
    }
}

/// What goes into the machine and comes out of it.
extension PoolMachine {
    /// Sizes of the pool.
    package struct Settings: Sendable {
        package var workers: Int
        package var spares: Int
        package var messagesPerWorker: Int
        package var workspace: WorkspaceBudget

        package init(
            workers: Int, spares: Int, messagesPerWorker: Int, workspace: WorkspaceBudget = WorkspaceBudget()
        ) {
            self.workers = max(1, workers)
            self.spares = max(0, spares)
            self.messagesPerWorker = max(1, messagesPerWorker)
            self.workspace = workspace
        }
    }

    /// What the owner has to do.
    package enum Action: Hashable, Sendable {
        /// Ask the generation's zygote for a worker.
        case fork(WorkerID)
        /// End a worker at once.
        case kill(WorkerID)
        /// Hand a request to an idle worker. `withoutEngine` says why the embedded engine has to leave the message out; nil while
        /// it takes part.
        case assign(request: Int, to: WorkerID, withoutEngine: Failure? = nil)
        /// Give up on a request.
        case fail(request: Int, Failure)
        /// Nothing of the generation is in use any more: end its zygote.
        case close(generation: Int)
        /// The serving generation's zygote has died: start another with the same settings.
        case relaunch(generation: Int)
        /// Workers of the generation die before they are ready; it cannot serve.
        case unusable(generation: Int)
    }

    /// Why a request was given up.
    package enum Failure: Hashable, Sendable {
        /// No answer in time; `started` tells whether a worker had it.
        case deadline(started: Bool)
        /// Worker after worker ended or broke the contract while it had the message.
        case crashed
        /// The pool is closing, or the generation that was asked for is gone.
        case closed
        /// There is no worker, and the workspace has no room for one.
        case workspaceFull
    }
}
