package import ObjectStore
package import TaskGraph

/// Runs workers as processes of this machine.
package final class WorkerPool: Executor {
  package let places: Int
  package let stopLimit: Duration
  package let takesBatches = true
  package let isWatchedByRun = true
  private let program: WorkerProgram
  private let memoryBytes: Int64
  private let limits: ContainmentLimits
  private let signals = WorkerSignals()

  package init(_ configuration: EngineConfiguration) {
    places = configuration.workers
    stopLimit = configuration.stopLimit
    program = configuration.worker
    memoryBytes = configuration.memoryBytes
    limits = configuration.containment
  }

  package func capacity(tokens: [String: Int]) -> ResourceCapacity {
    ResourceCapacity(cores: places, memoryBytes: memoryBytes, tokens: tokens)
  }

  package func send(_ signal: Int32, toLife life: Int) { signals.send(signal, toLife: life) }

  package func setMemoryLimit(_ bytes: Int64, ofLife life: Int) {
    signals.setMemoryLimit(bytes, ofLife: life)
  }

  package func work(on starts: AsyncStream<WorkerStart>, for run: ExecutorRun) async {
    let space = addressSpace(for: run.plan)
    await withDiscardingTaskGroup { group in
      for await start in starts {
        let program = program.marked("\(run.folder.id).\(start.life)", addressSpace: space)
        group.addTask { [limits, signals] in
          await runWorker(
            program, life: start.life, lines: start.lines, workingDirectory: run.folder.production.root,
            logPath: run.workerLogPath(start.slot), limits: limits, signals: signals, report: start.report)
        }
      }
    }
  }

  /// Whoever works on an attempt of this machine holds its lock, so there is nothing else to know.
  package func survivors(
    of attempts: [FormerAttempt], in production: Production, within limit: Duration
  ) async throws -> Set<String> { [] }

  /// Address space for the greediest task of the plan: libraries and reserved space are no memory; the keeper watches
  /// what is used.
  private func addressSpace(for plan: Plan) -> Int64 {
    limits.addressSpace(for: plan.nodes.lazy.map(\.needs))
  }
}

extension ContainmentLimits {
  /// What a process that does any of these tasks may reserve, in bytes.
  package func addressSpace(for needs: some Sequence<TaskNeeds>) -> Int64 {
    let most = needs.reduce(memoryBytes) { max($0, memoryLimit(of: $1)) }
    return max(6 << 30, most + most / 2)
  }
}

extension WorkerProgram {
  /// For one process: marked so that all that comes of it can be found.
  package func marked(_ mark: String, addressSpace: Int64) -> WorkerProgram {
    var program = self
    program.extraEnvironment[ProcessFamily.Mark.worker] = mark
    if program.extraEnvironment["INTERLOCK_MEMORY_LIMIT"] == nil {
      program.extraEnvironment["INTERLOCK_MEMORY_LIMIT"] = "\(addressSpace)"
    }
    return program
  }
}
