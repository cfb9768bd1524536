"""What classifying costs and reaches: CPU per message, cold start, and CLINC150 through the same pipeline.

Run it with `python -m benchmarks.classifier`; `--no-clinc` leaves the slow part out.
"""

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import roc_auc_score

from classifier.calibrate import HeldOut, fit_confidence, fit_temperature
from classifier.characters import MAX_CHARS
from classifier.clean import clean
from classifier.dataset import MODEL_DIR, TEST_FILE, Row, read_rows, training_files
from classifier.evaluate import Evaluation, evaluate, evaluate_cross_validated
from classifier.fit import Linear, fit_linear
from classifier.model import IntentModel
from classifier.scorer import best_labels
from classifier.train import train

CLINC = Path(__file__).parents[1].parent / "shared" / "data" / "clinc150" / "data_full.json"
ROUNDS = 5
SHORT = "where is my order D-100001? it should have been here on Monday"
COLD_STARTS = {
    "interpreter alone": "pass",
    "floor: import numpy and the language tables": (
        "from py3langid.langid import MODEL_FILE, LanguageIdentifier as L; L.from_model_file(MODEL_FILE)"
    ),
    "import, load, first prediction": (
        "from classifier.dataset import MODEL_DIR; from classifier.model import IntentModel; "
        "IntentModel.load(MODEL_DIR).predict('where is my order')"
    ),
    "for comparison: import scikit-learn's vectorizer": "import sklearn.feature_extraction.text",
}
HOSTILE = {
    "letters": "a",
    "attributions": "On x 1\n",
    "open tags": "<div>",
    "marks": "a\u0301\u0316",
    "mail": "Where is my order? ",
}


def main(arguments: Sequence[str]) -> None:
    """Measure everything and print it."""
    model = IntentModel.load(MODEL_DIR)
    rows = read_rows([TEST_FILE])
    _print_speed(model, rows)
    _print_cold_starts()
    _print_hostile(model)
    _print_figures("hand-written test messages", evaluate(model, rows))
    started = time.process_time()
    trained = train(read_rows(training_files()))
    print(f"training: {time.process_time() - started:.1f} s CPU")
    _print_figures("training messages, cross-validated", evaluate_cross_validated(trained))
    if "--no-clinc" not in arguments:
        _print_clinc()


def _print_speed(model: IntentModel, rows: Sequence[Row]) -> None:
    messages = [row.text for row in rows] * ROUNDS
    each = [_cpu(lambda text=text: model.predict(text)) for text in messages]
    short = [_cpu(lambda: model.predict(SHORT)) for _ in range(400)]
    vectorizer = TfidfVectorizer(analyzer="char", ngram_range=(2, 5), sublinear_tf=True, min_df=2)
    vectorizer.fit([row.text for row in read_rows(training_files())])
    library = [_cpu(lambda text=text: vectorizer.transform([text])) for text in messages[:400]]
    print(f"one message, CPU: p50 {_p(each, 50):.2f} ms (goal <= 1.5), p99 {_p(each, 99):.2f} ms; short {_p(short, 50):.2f} ms")
    print(f"  floor: scikit-learn counting the same messages' character n-grams: p50 {_p(library, 50):.2f} ms")
    batch = _cpu(lambda: model.predict_many((text, "") for text in messages))
    shorts = _cpu(lambda: model.predict_many([(SHORT, "")] * 1_000))
    print(f"in a batch: {len(messages) / batch:,.0f} messages per CPU second, {1_000 / shorts:,.0f} short ones")


def _print_cold_starts() -> None:
    for name, code in COLD_STARTS.items():
        program = f"import time\n{code}\nprint(time.process_time())"
        spent = [
            float(subprocess.run([sys.executable, "-c", program], capture_output=True, check=True).stdout) for _ in range(3)
        ]
        print(f"cold start, CPU: {statistics.median(spent):.2f} s  {name}")


def _print_hostile(model: IntentModel) -> None:
    for name, piece in HOSTILE.items():
        whole = ("<p>" + piece * MAX_CHARS)[:MAX_CHARS]
        quarter, half, full = (
            min(_cpu(lambda text=whole[:size]: model.predict(text)) for _ in range(3))
            for size in (len(whole) // 4, len(whole) // 2, len(whole))
        )
        print(f"64 KiB of {name}: {full * 1e3:.1f} ms (goal < 50), doubling costs x{half / quarter:.1f} and x{full / half:.1f}")


def _print_figures(name: str, figures: Evaluation) -> None:
    print(
        f"{name} ({figures.messages}): accuracy {figures.accuracy:.3f}, coverage {figures.coverage:.3f}, "
        f"wrong and automated {figures.wrong_and_automated:.4f}, out of scope accepted {figures.out_of_scope_accepted:.3f}, "
        f"AUROC {figures.auroc:.3f}, calibration error {figures.calibration_error:.3f}"
    )
    for figure in figures.per_intent:
        print(
            f"  {figure.intent:18} precision {figure.precision:.2f}  recall {figure.recall:.2f}  coverage {figure.coverage:.2f}"
        )


def _print_clinc() -> None:
    if not CLINC.exists():
        print("CLINC150: skipped, ../shared/data/clinc150 is not there")
        return
    data = json.loads(CLINC.read_text(encoding="utf-8"))
    started = time.process_time()
    pairs = [*data["train"], *data["oos_train"]]
    linear = fit_linear([clean(text).text for text, _ in pairs], [label for _, label in pairs])
    fitted = time.process_time() - started
    checked = _scored(linear, [*data["val"], *data["oos_val"]])
    temperature = fit_temperature(checked)
    confidence = fit_confidence(checked, temperature)
    test = _scored(linear, [*data["test"], *data["oos_test"]])
    in_scope = ~test.foreign
    accuracy = (best_labels(test.margins, test.rejecting) == test.truth)[in_scope].mean()
    auroc = roc_auc_score(in_scope, confidence.of(test.signals(temperature)))
    print(
        f"CLINC150: closed accuracy {accuracy:.4f} (goal >= .92), AUROC {auroc:.4f} (goal >= .95), fitted in {fitted:.0f} s CPU"
    )


def _scored(linear: Linear, pairs: Sequence[tuple[str, str]]) -> HeldOut:
    return linear.score([clean(text).text for text, _ in pairs], [label for _, label in pairs], "oos")


def _cpu(work: Callable[[], object]) -> float:
    """Return the CPU seconds that one call takes."""
    started = time.process_time()
    work()
    return time.process_time() - started


def _p(seconds: Sequence[float], percent: int) -> float:
    """Return a percentile in milliseconds."""
    return float(np.percentile(seconds, percent)) * 1e3


if __name__ == "__main__":
    main(sys.argv[1:])
