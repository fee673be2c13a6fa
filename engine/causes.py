"""Why something stands still, in plain words: for every code of an incident what it means and what to do next.

A code that is not here is one of the office's own rules, whose sentence says what is wrong (`RULE`).
"""

from __future__ import annotations

from dataclasses import dataclass

from forms.i18n import T, Text


@dataclass(frozen=True)
class Cause:
    """`title`: what happened. `todo`: what to do next, and who can."""

    title: Text
    todo: Text


# What to do, by who has to move.
_CALENDAR = T("等国务院办公厅公布那一年的放假安排，请系统管理员在“参数与日历”里导入，然后回到这里一起重试。")
_SERVICE = T("先等几分钟再重试：多半是要用的服务一时没有应答。一直不成，把下面的原话和代码交给系统维护人员。")
_DIAGRAM = T(
    "请把下面的原话和代码告诉画流程图的人。改好的图只管以后新开的事；这一件仍按旧图走，"
    "能补上缺的内容就补上再重试，补不上就提出终止，再按新图重新办。"
)
_VALUES = T(
    "先看下面写出的几个值哪个不对：填错了，请当事人更正后重试；值没有错，就是流程图写得不对，请告诉画流程图的人。"
)
_PEOPLE = T("请系统管理员在“账号”里给该办这件事的人加上所属的组和范围，然后重试。")
_SIZE = T("这件事带的内容或分支多得不正常。请不要反复重试；把编号告诉系统维护人员，核实后按原因重试或提出终止。")
_PROGRAM = T("请系统维护人员按代码查原因、更新程序后再重试；在此之前重试不会有用，这件事已经办成的部分都还在。")
_DAMAGE = T("请不要重试，也不要改动数据库。马上告诉系统维护人员：先运行 zhiping audit verify，再决定是否用备份恢复。")
_OTHERS = T("打开这件事看看现在的情况；如果别人已经处理过，这里重试一次就会消失。")
_RULE = T("按下面这句话补齐材料，或等条件具备，再重试；如果这件事本来就不该走到这一步，可以提出终止。")
_RELEASE = T("请流程负责人到“流程设计”补上缺的文件并启用，然后重试。")

RULE = Cause(T("一条业务规则不允许这一步"), _RULE)

CAUSES: dict[str, Cause] = {
    # what has to be there first
    "CALENDAR_MISSING": Cause(T("缺某一年的工作日历，期限算不出来"), _CALENDAR),
    "NOBODY": Cause(T("没有写明该由谁办"), _VALUES),
    "NO_SCOPE": Cause(T("没有写明属于哪个单位或地区"), _VALUES),
    "NO_INVESTIGATOR": Cause(T("没有可以承办调查的人"), _PEOPLE),
    "NOT_ACTIVE": Cause(T("要另外开办的流程没有启用"), _RELEASE),
    "NO_SUCH_PROCESS": Cause(T("要调用的流程不在这一版里"), _RELEASE),
    "DECISION_MISSING": Cause(T("要用的决策表不在这一版里"), _RELEASE),
    "FORM_MISSING": Cause(T("要用的表单不在这一版里"), _RELEASE),
    "NOT_EXECUTABLE": Cause(T("要另外开办的流程标为不能运行"), _RELEASE),
    # what may pass
    "STEP_FAILED": Cause(T("一步自动办理没有成功"), _SERVICE),
    "JOB_FAILED": Cause(T("一项后台工作没有做成"), _SERVICE),
    "JOB_DIED": Cause(T("一项后台工作几次都没有做完，已经停下"), _SERVICE),
    "BUSY": Cause(T("数据库一时太忙"), _SERVICE),
    "STORAGE_FULL": Cause(T("磁盘满了，写不进去"), T("请系统维护人员腾出磁盘空间，然后重试；不用重新启动。")),
    "TOO_MANY": Cause(T("短时间内请求太多，被挡住了"), _SERVICE),
    # values and expressions
    "FEEL_ERROR": Cause(T("流程图里的一个算式算不出结果"), _VALUES),
    "DECISION_ERROR": Cause(T("决策表对这些值给不出结果"), _VALUES),
    "NO_FLOW": Cause(T("走到分岔口，没有一条路符合条件"), _VALUES),
    "TIMER_ERROR": Cause(T("期限写得不对，算不出到期时间"), _VALUES),
    "NO_CORRELATION": Cause(T("要等的消息没有写明凭什么认出来"), _VALUES),
    "NOT_A_CONTEXT": Cause(T("要传出去的内容不是一组“名称：值”"), _VALUES),
    "BAD_BUSINESS_KEY": Cause(T("消息的收件编号不对"), _VALUES),
    "BAD_COLLECTION": Cause(T("要逐个办理的名单不是名单"), _VALUES),
    "BAD_CARDINALITY": Cause(T("要重复办理的次数不对"), _VALUES),
    "BAD_DATA": Cause(T("有一个值不能保存"), _VALUES),
    "BAD_RESULT": Cause(T("一步算出的结果不能保存"), _VALUES),
    "PARAMETERS_INVALID": Cause(T("交给自动步骤的内容缺项或不对"), _VALUES),
    "INVALID": Cause(T("内容没有填对"), _VALUES),
    # the diagram
    "ERROR_UNCAUGHT": Cause(T("自动步骤报告了一个错误，流程图没有画怎么处理"), _DIAGRAM),
    "NO_RESULT_VARIABLE": Cause(T("流程图没有写结果放在哪里"), _DIAGRAM),
    "TIMER_LOOP": Cause(T("计时器在同一时刻不停地触发"), _DIAGRAM),
    "STUCK": Cause(T("流程走不下去了，也没有人可以等"), _DIAGRAM),
    "HANDLER_MISSING": Cause(T("流程图用了系统里没有的服务"), _DIAGRAM),
    "HANDLER_ELSEWHERE": Cause(T("这个服务不许这个流程使用"), _DIAGRAM),
    "NO_PYTHON": Cause(T("流程图里写了程序代码，系统不执行"), _DIAGRAM),
    # limits
    "STEP_LIMIT": Cause(T("一次走了太多步还没有停"), _SIZE),
    "TIME_LIMIT": Cause(T("一步算得太久，被停下了"), _SIZE),
    "DEPTH_LIMIT": Cause(T("流程一层套一层，套得太深"), _SIZE),
    "BRANCH_LIMIT": Cause(T("同时进行的分支太多"), _SIZE),
    "SPREAD_LIMIT": Cause(T("要逐个办理的太多，带的内容合起来太大"), _SIZE),
    "MESSAGE_LIMIT": Cause(T("一次发出的消息太多"), _SIZE),
    "DATA_LIMIT": Cause(T("这件事带的内容太大"), _SIZE),
    # somebody or something was quicker
    "NOT_FAILED": Cause(T("这一步已经不在出错的状态"), _OTHERS),
    "TASK_NOT_FOUND": Cause(T("要办的步骤已经没有了"), _OTHERS),
    "TASK_NOT_OPEN": Cause(T("要办的步骤已经办过了"), _OTHERS),
    "CONFLICT": Cause(T("同时被别人改动了"), _OTHERS),
    "NOT_FOUND": Cause(T("要找的内容不存在了"), _OTHERS),
    # the program and its data
    "RESULT_INVALID": Cause(T("系统自己的一个服务交回了不合规定的结果"), _PROGRAM),
    "ERROR": Cause(T("程序报告了一个错误"), _PROGRAM),
    "RELEASE_UNREADABLE": Cause(T("这一版流程文件，现在的程序读不了"), _PROGRAM),
    "STATE_UNREADABLE": Cause(T("这件事保存的进度读不出来"), _DAMAGE),
    "STATE_DAMAGED": Cause(T("这件事保存的进度与保存时不一致"), _DAMAGE),
    # rules
    "REFUSED": RULE,
    "FORBIDDEN": Cause(T("没有权限做这一步"), _PEOPLE),
    "UNAUTHENTICATED": Cause(T("没有权限做这一步"), _PEOPLE),
    "DEPLOYMENT_REFUSED": Cause(T("流程文件没有通过检查"), _RELEASE),
}


def of(code: str) -> Cause:
    """What a code means; a rule of the office where it is none of the engine's."""
    return CAUSES.get(code, RULE)
