"""Counts the floating-point work of a StableHLO program, loops included.

XLA's own count takes a loop's body once, so a loop over basis vectors looks as cheap as one
product, and it hardly counts LAPACK. Here a loop counts its trips wherever the number of
trips is a constant of the program, and library calls are charged their textbook order.
Elementwise arithmetic is charged one operation an element; moving data is free.
"""

import fnmatch
from dataclasses import dataclass, field
from math import prod
from typing import Any

from jax.extend.mlir import ir
from jaxlib.mlir.dialects import stablehlo

FREE = frozenset(
    "constant iota broadcast_in_dim broadcast reshape transpose slice dynamic_slice "
    "dynamic_update_slice concatenate pad reverse convert bitcast_convert copy tuple "
    "get_tuple_element optimization_barrier gather return select create_token "
    "get_dimension_size real imag complex".split()
)

# Custom calls that jax.numpy, jax.scipy and jax.random make: the pattern, then the work in
# units of n * m * min(n, m) of the first operand's last two dimensions (Golub and Van Loan,
# 4th ed., sections 3.2, 4.2, 5.2, 8.3, 8.6).
CUSTOM_CALLS = {
    "lapack_?getrf_ffi": 2 / 3,
    "lapack_?potrf_ffi": 1 / 3,
    "lapack_?geqrf_ffi": 2.0,
    "lapack_?orgqr_ffi": 2.0,
    "lapack_?ungqr_ffi": 2.0,
    "lapack_?trsm_ffi": 1.0,
    "lapack_?syevd_ffi": 9.0,
    "lapack_?heevd_ffi": 9.0,
    "lapack_?gesdd_ffi": 22.0,
    "lapack_?gesvd_ffi": 22.0,
    "lapack_?geev_ffi": 25.0,
    "lapack_?gees_ffi": 25.0,
    "lapack_?gehrd_ffi": 10 / 3,
    "lapack_?sytrd_ffi": 4 / 3,
    "lapack_?hetrd_ffi": 4 / 3,
    "lapack_?gtsv_ffi": 1.0,
    "LuPivotsToPermutation": 0.0,
    "lu_pivots_to_permutation": 0.0,
    "mhlo.erf": 0.0,
    "mhlo.topk": 0.0,
    "Sharding": 0.0,
}

MOST_OPERATIONS = 500_000


class TooLarge(Exception):
    """The program unrolls to more operations than are worth reading."""


class UnknownShape(Exception):
    """An array whose size is not a constant of the program: its work has no number."""


@dataclass
class Cost:
    """FLOPs in all; loops whose trips no constant tells, counted once; calls not allowed."""

    flops: float = 0.0
    unbounded_loops: int = 0
    refused_calls: set[str] = field(default_factory=set[str])


def cost_of(module: Any) -> Cost:
    """The work of a module's `main`."""
    return _Counter(module).count()


class _Counter:
    def __init__(self, module: Any) -> None:
        self.functions = {
            ir.StringAttr(op.attributes["sym_name"]).value: op
            for op in module.body.operations
            if op.operation.name == "func.func"
        }
        self.cost = Cost()
        self.visited = 0
        # What a function's or a loop's argument stands for, outside.
        self.bindings: dict[Any, Any] = {}

    def count(self) -> Cost:
        self.cost.flops = self._block(self.functions["main"].regions[0].blocks[0])
        return self.cost

    def _block(self, block: Any) -> float:
        return sum(self._operation(op) for op in block.operations)

    def _operation(self, view: Any) -> float:
        op = view.operation
        self.visited += 1
        if self.visited > MOST_OPERATIONS:
            raise TooLarge(f"more than {MOST_OPERATIONS} operations")
        name = op.name.removeprefix("stablehlo.").removeprefix("chlo.")
        special = getattr(self, f"_op_{name.replace('.', '_')}", None)
        if special:
            return special(op)
        if name in FREE or name == "func.return":
            return 0.0
        # What a reduction, map or scatter does with each element is in a region of its own.
        inside = sum(self._block(block) for region in op.regions for block in region.blocks)
        return max(map(_elements, [*op.results, *op.operands]), default=0) * max(1.0, inside)

    def _op_call(self, op: Any) -> float:
        callee = self.functions[ir.FlatSymbolRefAttr(op.attributes["callee"]).value]
        block = callee.regions[0].blocks[0]
        for argument, operand in zip(block.arguments, op.operands, strict=True):
            self.bindings[argument] = operand
        return self._block(block)

    _op_func_call = _op_call

    def _op_composite(self, op: Any) -> float:
        name = ir.FlatSymbolRefAttr(op.attributes["decomposition"]).value
        return self._block(self.functions[name].regions[0].blocks[0])

    def _op_case(self, op: Any) -> float:
        return max((self._block(region.blocks[0]) for region in op.regions), default=0.0)

    _op_if = _op_case

    def _op_while(self, op: Any) -> float:
        trips = self._trips(op)
        condition, body = (region.blocks[0] for region in op.regions)
        for block in (condition, body):
            self._bind_invariants(op, block)
        if trips is None:
            self.cost.unbounded_loops += 1
        once = self._block(condition) + self._block(body)
        return once * (1 if trips is None else trips)

    def _bind_invariants(self, op: Any, block: Any) -> None:
        body = op.regions[1].blocks[0]
        returned = list(body.operations)[-1].operation.operands
        for place, argument in enumerate(block.arguments):
            if returned[place] == body.arguments[place]:
                self.bindings[argument] = op.operands[place]
            else:
                self.bindings.pop(argument, None)

    def _trips(self, op: Any) -> int | None:
        """Trips of `for (i = start; i < stop; i += step)`, where all three are constants."""
        condition, body = (region.blocks[0] for region in op.regions)
        self._bind_invariants(op, condition)
        self._bind_invariants(op, body)
        compare = _defining(list(condition.operations)[-1].operation.operands[0])
        if compare is None or compare.name != "stablehlo.compare":
            return None
        counter, limit = compare.operands
        if not _is_argument_of(counter, condition):
            return None
        place = ir.BlockArgument(counter).arg_number
        start, stop = self._constant(op.operands[place]), self._constant(limit)
        step = self._step(body, place)
        direction = str(compare.attributes["comparison_direction"]).rstrip(">").split()[-1]
        if start is None or stop is None or step is None or direction not in ("LT", "LE"):
            return None
        distance = stop - start + (direction == "LE")
        trips = max(0, -(-distance // step))
        # A narrow counter that wraps around turns more often than it seems.
        return trips if start + trips * step <= _largest(counter) else None

    def _step(self, body: Any, place: int) -> int | None:
        returned = list(body.operations)[-1].operation.operands[place]
        add = _defining(returned)
        if add is None or add.name != "stablehlo.add":
            return None
        for counter, step in (add.operands, reversed(list(add.operands))):
            if counter == body.arguments[place]:
                size = self._constant(step)
                return size if size is not None and size > 0 else None
        return None

    def _constant(self, value: Any) -> int | None:
        """The integer that a value always has, seen through conversions and arguments."""
        for _ in range(50):
            if value in self.bindings:
                value = self.bindings[value]
                continue
            op = _defining(value)
            if op is None:
                return None
            if op.name == "stablehlo.constant":
                return _integer(op.attributes["value"])
            if op.name not in ("stablehlo.convert", "stablehlo.reshape"):
                return None
            value = op.operands[0]
        return None

    def _op_dot_general(self, op: Any) -> float:
        numbers = stablehlo.DotDimensionNumbers(op.attributes["dot_dimension_numbers"])
        shape = _shape(op.operands[0])
        contracted = prod(shape[axis] for axis in numbers.lhs_contracting_dimensions)
        return 2.0 * _elements(op.results[0]) * contracted

    def _op_dot(self, op: Any) -> float:
        return 2.0 * _elements(op.results[0]) * _shape(op.operands[0])[-1]

    def _op_fft(self, op: Any) -> float:
        elements = max(_elements(op.operands[0]), _elements(op.results[0]))
        return 5.0 * elements * elements.bit_length()  # Golub and Van Loan, section 1.4

    def _op_convolution(self, op: Any) -> float:
        numbers = stablehlo.ConvDimensionNumbers(op.attributes["dimension_numbers"])
        kernel = _shape(op.operands[1])
        per_output = prod(kernel) / kernel[numbers.kernel_output_feature_dimension]
        return 2.0 * _elements(op.results[0]) * per_output

    def _op_cholesky(self, op: Any) -> float:
        return _matrix_work(op) / 3

    def _op_triangular_solve(self, op: Any) -> float:
        return float(_elements(op.operands[1]) * _shape(op.operands[0])[-1])

    def _op_sort(self, op: Any) -> float:
        elements = _elements(op.operands[0])
        return float(elements * max(1, elements.bit_length()))

    def _op_reduce_window(self, op: Any) -> float:
        window = ir.DenseI64ArrayAttr(op.attributes["window_dimensions"])
        # A window as long as its axis is a cumulative sum, which nobody computes one by one.
        lengths = zip(window, _shape(op.operands[0]), strict=True)
        work = [size.bit_length() if size >= axis else size for size, axis in lengths]
        return float(_elements(op.results[0]) * prod(work))

    def _op_custom_call(self, op: Any) -> float:
        target = ir.StringAttr(op.attributes["call_target_name"]).value
        for pattern, factor in CUSTOM_CALLS.items():
            if fnmatch.fnmatchcase(target, pattern):
                return factor * _matrix_work(op) if factor else 0.0
        self.cost.refused_calls.add(target[:100])
        return 0.0


def _shape(value: Any) -> tuple[int, ...]:
    kind = ir.RankedTensorType(value.type)
    if not kind.has_static_shape:
        raise UnknownShape(str(kind)[:100])
    return tuple(kind.shape)


def _elements(value: Any) -> int:
    return prod(_shape(value)) if isinstance(value.type, ir.RankedTensorType) else 0


def _matrix_work(op: Any) -> float:
    shape = _shape(op.operands[0])
    return float(prod(shape) * min(shape[-2:])) if len(shape) >= 2 else float(prod(shape))


def _defining(value: Any) -> Any | None:
    return None if isinstance(value, ir.BlockArgument) else value.owner.operation


def _is_argument_of(value: Any, block: Any) -> bool:
    return isinstance(value, ir.BlockArgument) and value.owner == block


def _largest(counter: Any) -> int:
    kind = ir.IntegerType(ir.RankedTensorType(counter.type).element_type)
    return 2**kind.width - 1 if kind.is_unsigned else 2 ** (kind.width - 1) - 1


def _integer(attribute: Any) -> int | None:
    dense = ir.DenseElementsAttr(attribute)
    kind = ir.RankedTensorType(dense.type).element_type
    if not dense.is_splat or not isinstance(kind, ir.IntegerType):
        return None
    return int(ir.IntegerAttr(dense.get_splat_value()).value)
