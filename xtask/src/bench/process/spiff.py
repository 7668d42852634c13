"""SpiffWorkflow on the model of `cargo xtask bench process`: instances one after another, for so many seconds.

Arguments: the model, the seconds, and a file for the states, or `-` to keep them in memory only. With a file the state is
serialized and committed after the begin and after each task, as durably as the engine beside it does. Prints JSON.
"""

import json
import sqlite3
import sys
import time

import SpiffWorkflow
from SpiffWorkflow.bpmn import BpmnWorkflow
from SpiffWorkflow.bpmn.parser import BpmnParser
from SpiffWorkflow.bpmn.serializer import BpmnWorkflowSerializer
from SpiffWorkflow.util.task import TaskState

model, seconds, file = sys.argv[1], float(sys.argv[2]), sys.argv[3]
parser = BpmnParser()
parser.add_bpmn_file(model)
spec = parser.get_spec("HoSo")
subprocesses = parser.get_subprocess_specs("HoSo")
serializer = BpmnWorkflowSerializer()
store = None
if file != "-":
    store = sqlite3.connect(file, isolation_level=None)
    store.execute("PRAGMA journal_mode = WAL")
    store.execute("PRAGMA synchronous = FULL")
    store.execute("CREATE TABLE instance (id INTEGER PRIMARY KEY, state TEXT NOT NULL)")

DOSSIER = {
    "tong": 250,
    "ho_ten": "Nguyễn Thị Bình An",
    "dia_chi": "Số 1 đường Trần Hưng Đạo, phường Hoàn Kiếm, Hà Nội",
    "giay_to": ["to-khai", "giay-chung-sinh", "giay-chung-nhan-ket-hon"],
    "noi_dung": "Đề nghị giải quyết theo quy định; kết quả nhận tại nhà qua bưu chính công ích. " * 4,
}


def keep(number, workflow):
    if store is not None:
        state = serializer.serialize_json(workflow)
        store.execute("INSERT OR REPLACE INTO instance VALUES (?, ?)", (number, state))


def one(number):
    workflow = BpmnWorkflow(spec, subprocesses)
    workflow.task_tree.set_data(**DOSSIER)
    workflow.do_engine_steps()
    keep(number, workflow)
    done = 0
    while not workflow.completed:
        ready = workflow.get_tasks(state=TaskState.READY, manual=True)
        if not ready:
            raise SystemExit("the instance has stopped")
        for task in ready:
            task.set_data(ket_qua="đạt", so=7)
            task.run()
            workflow.do_engine_steps()
            done += 1
            keep(number, workflow)
    return done


instances, tasks, began = 0, 0, time.monotonic()
while time.monotonic() - began < seconds:
    tasks += one(instances)
    instances += 1
spent = time.monotonic() - began
if tasks != instances * 4:
    raise SystemExit(f"{instances} instances had {tasks} tasks, not four each")
version = getattr(SpiffWorkflow, "__version__", "")
print(json.dumps({"instances": instances, "tasks": tasks, "seconds": spent, "version": version}))
