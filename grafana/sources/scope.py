"""What a dashboard is about: the variables that people choose by, in each selector it has."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Scope:
    """`names` are labels; a variable of the same name holds what is chosen."""

    names: tuple[str, ...]

    def of(self, metric: str, *matchers: str) -> str:
        """The series of a metric that are asked for."""
        chosen = [f'{name}=~"${name}"' for name in self.names]
        return f"{metric}{{{', '.join((*chosen, *matchers))}}}"

    def rate(self, metric: str, *matchers: str) -> str:
        return f"rate({self.of(metric, *matchers)}[$__rate_interval])"

    def grown(self, metric: str, *matchers: str, within: str = "$__rate_interval") -> str:
        return f"increase({self.of(metric, *matchers)}[{within}])"


MACHINES = Scope(("job", "org", "group", "instance"))
PARTS = Scope(("job", "instance"))

# The labels that tell one machine from all others; what is summed keeps them.
MACHINE = "org, group, machine, instance"
