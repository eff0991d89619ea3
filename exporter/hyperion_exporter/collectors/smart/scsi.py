"""What SAS disks tell, in smartctl_exporter's names, and what of it that leaves out."""

from hyperion_exporter.collector import Samples, counter, gauge
from hyperion_exporter.collectors.smart.drive import BYTES_READ, BYTES_WRITTEN
from hyperion_exporter.collectors.smart.facts import Facts
from hyperion_exporter.collectors.smart.reading import Reading, add

LOG = "scsi_error_counter_log"
OPERATIONS = ("read", "write", "verify")
# How errors were mended: the word in our label, in smartctl_exporter's name, and its help there.
# smartctl has one more name for the last.
MENDED = (
    ("ecc fast", "errors_corrected_by_eccfast", "Errors mended at once."),
    ("ecc delayed", "errors_corrected_by_eccdelayed", "Errors mended with some delay."),
    ("again", "errors_corrected_by_rereads_rewrites", "Errors mended by doing it once more."),
    ("not", "total_uncorrected_errors", "Errors not mended."),
)
ERRORS = counter(
    "hyperion_smart_scsi_errors_total",
    "Errors, by what the disk was doing and how it mended them.",
    "device",
    "operation",
    "mended",
)
PROCESSED = counter(
    "hyperion_smart_scsi_processed_bytes_total", "Bytes that it did this to.", "device", "operation"
)
GIGABYTE = 10**9

# What smartctl_exporter gives of every disk with such a log.
THEIRS = tuple(
    Reading(f"{operation}.{name}", gauge(f"smartctl_{operation}_{name}", help, "device"), absent=0)
    for operation in ("read", "write")
    for _, name, help in MENDED
)
OURS = (
    *(
        Reading(f"{operation}.{name}", ERRORS, labels=(operation, word))
        for operation in OPERATIONS
        for word, name, _ in MENDED
    ),
    *(
        Reading(f"{operation}.gigabytes_processed", PROCESSED, GIGABYTE, (operation,))
        for operation in OPERATIONS
    ),
)
TOTALS = (
    Reading("read.gigabytes_processed", BYTES_READ, GIGABYTE),
    Reading("write.gigabytes_processed", BYTES_WRITTEN, GIGABYTE),
)
BESIDE = (
    Reading(
        "scsi_grown_defect_list",
        gauge("smartctl_scsi_grown_defect_list", "Places that went bad in use.", "device"),
    ),
    Reading(
        "scsi_pending_defects.count",
        gauge("hyperion_smart_scsi_pending_defects", "Places it could not read.", "device"),
    ),
)


def add_scsi(samples: Samples, facts: Facts, device: str) -> None:
    add(samples, facts, device, BESIDE)
    if facts.there(LOG):
        add(samples, facts.at(LOG), device, (*THEIRS, *TOTALS, *OURS))
