import Archives
import Autodiff
import Tensors

extension Network {
  /// A network written by `torch.export.save(torch.export.export(model, (x,)), "model.pt2")`.
  ///
  /// The file is parsed and nothing in it is executed. Its ATen operators are lowered to primitives, one by one; every
  /// operator that is not read is named at once. Parameters keep names and order. Parameters that need no gradient and
  /// buffers become literals. A batch size that was dynamic in the export may be any here: the least value of 2 that
  /// exports record guards their tracing.
  ///
  /// - Throws: an error that names the file, the member of the archive or the node, and the remedy.
  public init(exportedProgram path: String) throws(InputError) {
    do {
      try self.init(exportedProgram: ZipArchive(contentsOf: path))
    } catch let error as InputError {
      throw error.inFile(path)
    } catch {
      throw InputError(file: path, "cannot be read: \(error)")
    }
  }

  /// A network from the bytes of such a file.
  ///
  /// - Parameter file: its name for messages.
  public init(exportedProgram bytes: [UInt8], file: String) throws(InputError) {
    do {
      try self.init(exportedProgram: ZipArchive(bytes: bytes, file: file))
    } catch let error as InputError {
      throw error.inFile(file)
    } catch {
      throw InputError(file: file, "cannot be read: \(error)")
    }
  }

  private init(exportedProgram archive: ZipArchive) throws(InputError) {
    let exported = try ExportedArchive(archive)
    do {
      try self.init(ExportedProgramReader(exported).network())
    } catch {
      var placed = error
      placed.place = [exported.programMember, error.place].compactMap { $0 }.joined(separator: ": ")
      throw placed
    }
  }

  private init(_ network: Network) { self = network }
}
