import Tensors
import Yams

