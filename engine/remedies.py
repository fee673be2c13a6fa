"""What to do about a finding: for every code of the lint, the gate and the soundness check one sentence for who draws.

The finding's own sentence says what is wrong there; this one says how such a thing is put right in the studio. A test finds the codes in the source.
"""

from __future__ import annotations

from forms.i18n import T, Text

# -- files ------------------------------------------------------------------------------------------------------------
_SAVE_AS = T("用画图工具或文本编辑器打开，另存为 UTF-8 的原格式文件，再上传。")
_SMALLER = T("把它拆成几个小一点的文件或流程，用调用活动连接起来。")
_EXPORT = T("在原来的画图工具里打开，重新导出一次；仍然不行，就在这里新建，照着重画。")
_RETYPE = T("删掉这段文字，用键盘重新输入，不要从网页或文档里直接粘贴。")
_PLAIN = T("只写普通文字：删去尖括号标记和链接；要强调就用引号。")
_NAME = T("给文件改一个简单的名字，只用文字、数字、下划线，保留原来的后缀，再上传。")
_ONE_KEY = T("每个编号只能有一处：改掉其中一个，或者删掉多出来的文件。")
# -- diagrams: connections --------------------------------------------------------------------------------------------
_CONNECT = T("在图上选中它，把断开的连线重新接到还在的元素上；不要的就删掉。")
_DRAW_ON = T("在图上选中它，向后画一条连线，最后接到结束事件。")
_GATEWAY = T("选中它之后的连线，在右侧写条件；最后一条设为默认出路。")
_JOIN = T("让分开与合上的网关同一种：同时走的用并行网关合上，只走一条的用排他网关合上。")
_START = T("留下一个没有触发条件的开始事件，其余删去；要由消息或时间引起的，画成中间事件。")
_EVENTS = T("事件网关后面直接接消息或定时的等待事件，至少两个；要附加条件就另外画网关。")
_LANE = T("选中这条泳道，在右侧给它选一个角色。")
_IDENTITY = T("选中它，在右侧把编号改成字母开头、本图没有用过的。")
_NOT_RUN = T("换成列表里能运行的元素；只给人看的图，在流程的“怎样开始”里关掉“由系统执行”。")
_BOUNDARY = T("把这个事件拖到要监视的任务或子流程的边上；错误事件要设为“中断”。")
# -- diagrams: what is written in -------------------------------------------------------------------------------------
_EXPRESSION = T("点开这个算式，按提示改正；编辑框会列出可用的变量和函数。")
_TIME = T("写成 ISO 时长或日期（P5D、2026-06-01），或用 = 开头的算式，例如按工作日推算。")
_CHOOSE = T("选中它，在右侧从列表里选一个；列表里没有，就先新建或上传，再回来选。")
_SERVICE = T("选中它，在右侧“服务”里从列表选一个，再按列出的各项填写参数。")
_RESULT = T("选中它，在右侧“结果放进变量”里写一个变量名。")
_VARIABLE = T("改成字母开头，只含字母、数字和下划线的名字；用到它的地方一起改。")
_MULTI = T("选中它，在右侧“逐项办理”里补全清单、每一项的变量名和结果。")
_MAPPING = T("选中调用活动，在右侧“传入”“带回”里把每一行的来源和去处都写上。")
_CALLED = T("选中调用活动，在右侧从本次发布的流程里选一个；不能绕回自己，要重复就在图里画回路。")
_MESSAGE = T("选中它，在右侧选一个消息，没有就新建；消息要有名称。")
_ERROR = T("选中它，在右侧选一个错误，并给错误写上代码。")
_DELETE = T("在右侧或源文件里把这一项删去；要做的事改用列出的写法。")
_SCOPE = T('选中它，在右侧写明范围，只派给那个单位或地区的人，例如 ="unit:" + unit_code；确实要给所有人看的，不用改。')
_READ = T("看一遍是不是有意这样画；是的话不用改，启用前会再提示一次。")
_FILTER = T("选中整个流程，在右侧把筛选项改成“变量名=显示名称”，用逗号分开，保密的变量除外。")
# -- soundness --------------------------------------------------------------------------------------------------------
_STARVES = T("看分出去的路是不是每一条都会到这里：中途结束或绕开的，要么也接到这里，要么改用排他网关或终止结束。")
_NEVER = T("核对条件里的值与表单选项、决策结果是否写得一样；这条路确实用不着，就把它删去。")
_END = T("从开始沿着图走一遍，看哪一处断了；确实用不着的结束事件就删去。")
_UNSET = T(
    "先看名字有没有写错；没有写错，就让前面的表单、自动步骤或消息给出它。由发起的人或程序带来的，在流程的“怎样开始”里勾上“限定发起时可以带的变量”并写上它。"
)
_NOBODY = T("选中它，在右侧“办理角色”里从列表选一个，或填“指定办理人”；与别的步骤须由不同的人办的，不要写同一个人。")
# -- decision tables --------------------------------------------------------------------------------------------------
_TABLE = T("在决策表编辑器里改成一张普通的表：有输入列、有输出列，命中策略用“唯一”“首个”“任意”或“收集”。")
_OVERLAP = T("改其中一行的条件，让两行不会同时符合；确实要按先后取第一行的，把命中策略改为“首个”。")
_SAME = T("让这两行给出同样的结果，或改其中一行的条件使它们不会同时符合。")
_GAP = T("补一行把这种情况也写上，或在最后加一行全部不限的规则；确实不会出现的，不用改。")
_SHADOW = T("把它移到前面，或者删去：前面的行已经包括了它的全部情况。")
# -- forms ------------------------------------------------------------------------------------------------------------
_FIELD_KEY = T("选中这一项，在右侧写一个字母开头、同一层没有用过的字段名。")
_FIELD_LABEL = T("选中这一项，在右侧用中文写明要填什么。")
_FIELD_FEEL = T("选中这一项，按提示改正算式；只能用本表的字段和流程的变量。")
_FIELD_LIMIT = T("选中这一项，在右侧把限制改成数字或日期，必填改成是或否。")
_FIELD_OPTIONS = T("选中这一项，在右侧写上选项：每个选项有显示的文字和不重复的值。")
_FIELD_TYPE = T("删去这一项，换用左侧列表里的组件。")
_PATTERN = T("选中这一项，把格式规则改简单：字面、字符范围和重复次数就够用；身份证、电话用现成的校验类型。")
_WHY = T("选中这一项，在右侧写一句为什么需要它，填表的人会看到。")
_LIST = T("选中这个列表，在右侧改行数与字段；只读的字段放到列表外面，或不许增减行。")
_PROPERTY = T("在右侧的扩展属性里删去它，或改成列表里有的名字。")
# -- scenario tests ---------------------------------------------------------------------------------------------------
_BUNDLE = T("请对方用“导出”重新做一个压缩包；自己打包的，只放流程文件本身，不放文件夹外的路径、链接和密码。")
_YAML = T("按行号改正缩进和冒号；照着现有测试的写法，用空格缩进，不用锚点和标签。")
_SCENARIO = T("按行号改正这一处：步骤名、任务编号和人名要与流程图、人员名单一致。")
_PLAYED = T("打开这个测试，看停在哪一步；流程图错了改图，期望变了就改测试。")

REMEDIES: dict[str, Text] = {
    **dict.fromkeys(("XML_ENCODING", "FORM_ENCODING", "FORM_JSON", "FORM_DUPLICATE_NAME"), _SAVE_AS),
    **dict.fromkeys(("XML_TOO_BIG", "XML_TOO_MANY", "XML_TOO_DEEP", "TOO_LARGE"), _SMALLER),
    **dict.fromkeys(("FORM_TOO_LARGE", "FORM_TOO_DEEP", "TEST_TOO_BIG", "TEST_TOO_DEEP", "DMN_TOO_MANY"), _SMALLER),
    **dict.fromkeys(("XML_MALFORMED", "XML_DOCTYPE", "NOT_BPMN", "NO_PROCESS", "DMN_ROOT", "FORM_SHAPE"), _EXPORT),
    "RELEASE_UNREADABLE": _EXPORT,
    **dict.fromkeys(("XML_CHARACTER", "CONTROL_CHARACTER", "FORM_CHARACTERS"), _RETYPE),
    **dict.fromkeys(("XML_TEXT_TOO_LONG", "TEXT_TOO_LONG"), T("把文字缩短；长的说明写成文件，放到政策文件里。")),
    **dict.fromkeys(("MARKUP", "SCRIPT_LINK", "FORM_HTML", "FORM_SCRIPT_LINK"), _PLAIN),
    **dict.fromkeys(("FILE_NAME", "FILE_UNKNOWN"), _NAME),
    **dict.fromkeys(("KEY_TWICE", "ID_TWICE", "DUPLICATE_ID", "FORM_DUPLICATE_ID"), _ONE_KEY),
    **dict.fromkeys(("KEY_LENGTH", "ID_FORM", "ID_MISSING", "ID_RESERVED", "DMN_ID"), _IDENTITY),
    "FILE_SPLIT": T("把同一个文件里的流程一起改、一起上传，不要只带其中一个。"),
    **dict.fromkeys(("DANGLING", "CROSSES", "FLOW_DIRECTION", "UNREACHABLE"), _CONNECT),
    **dict.fromkeys(("DEAD_END", "NO_END", "NO_WAY_OUT"), _DRAW_ON),
    **dict.fromkeys(("CONDITION_MISSING", "CONDITION_IGNORED", "NO_DEFAULT", "IMPLICIT_SPLIT"), _GATEWAY),
    **dict.fromkeys(("XOR_CLOSED_BY_AND", "AND_NOT_JOINED"), _JOIN),
    "START": _START,
    **dict.fromkeys(("EVENT_GATEWAY", "TWO_TIMERS"), _EVENTS),
    **dict.fromkeys(("LANE_GROUP", "LANE_NOBODY"), _LANE),
    "EXTENDED_TWICE": T("把两个 extensionElements 里的内容并进一个，删去另一个；或用流程图编辑器导入，会自动合并。"),
    "TWO_LANES": T("把它拖到一条泳道里面，不要跨在两条泳道上。"),
    **dict.fromkeys(("BAD_HOST", "ERROR_INTERRUPTS", "CYCLE"), _BOUNDARY),
    "NOT_RUN": _NOT_RUN,
    **dict.fromkeys(("DRAWING", "FOREIGN", "USELESS"), _READ),
    "IGNORED": _DELETE,
    **dict.fromkeys(("FEEL", "FEEL_ERROR"), _EXPRESSION),
    "TIMER": _TIME,
    **dict.fromkeys(("FORM_UNKNOWN", "DECISION_MISSING", "DECISION_UNKNOWN"), _CHOOSE),
    **dict.fromkeys(("TOPIC_MISSING", "TOPIC_UNKNOWN", "PARAMETER", "HANDLER_MISSING", "HANDLER_ELSEWHERE"), _SERVICE),
    "RESULT_MISSING": _RESULT,
    "SCRIPT_EMPTY": T("选中它，在右侧写 FEEL 算式；不用算什么，就把这一步删去。"),
    "SCRIPT_FORMAT": T("改用 FEEL 写：选中它，在右侧把语言设为 feel，再写算式。"),
    "VARIABLE_NAME": _VARIABLE,
    "LOOP": _MULTI,
    "MAPPING": _MAPPING,
    **dict.fromkeys(("CALL_MISSING", "CALL_UNKNOWN", "CALL_EXPRESSION", "CALL_CYCLE"), _CALLED),
    **dict.fromkeys(("MESSAGE_MISSING", "MESSAGE_NAME"), _MESSAGE),
    "ERROR_CODE": _ERROR,
    "NAMELESS": T("双击它，写上要做什么，例如“核对材料”。"),
    "OFFER_TO_STARTERS": _SCOPE,
    "CLAUSE_UNKNOWN": T("选中它，在右侧的“依据条款”里从列表选，编号如“三（二）3”。"),
    **dict.fromkeys(("FILTER_NAME", "FILTER_SECRET"), _FILTER),
    **dict.fromkeys(("JOIN_STARVES", "JOIN_MAY_STARVE"), _STARVES),
    "FLOW_NEVER": _NEVER,
    "END_NEVER": _END,
    "VARIABLE_UNSET": _UNSET,
    "TASK_NOBODY": _NOBODY,
    **dict.fromkeys(
        (
            "DMN_EMPTY",
            "DMN_UNSUPPORTED",
            "DMN_LANGUAGE",
            "DMN_LOGIC",
            "DMN_HIT_POLICY",
            "DMN_AGGREGATION",
            "DMN_INPUT",
            "DMN_OUTPUT",
            "DMN_TYPE",
            "DMN_RULE",
        ),
        _TABLE,
    ),
    **dict.fromkeys(
        ("DMN_CIRCLE", "DMN_REFERENCE"), T("在决策关系图上把依赖改成一个方向，要用的决策放在同一个文件里。")
    ),
    "DMN_OVERLAP": _OVERLAP,
    "DMN_DIFFERENT": _SAME,
    "DMN_GAP": _GAP,
    "DMN_SHADOWED": _SHADOW,
    **dict.fromkeys(("FORM_NO_KEY", "FORM_BAD_KEY", "FORM_RESERVED_KEY", "FORM_DUPLICATE_KEY"), _FIELD_KEY),
    "FORM_NO_LABEL": _FIELD_LABEL,
    "FORM_FEEL": _FIELD_FEEL,
    "FORM_LIMIT": _FIELD_LIMIT,
    **dict.fromkeys(("FORM_NO_OPTIONS", "FORM_OPTION"), _FIELD_OPTIONS),
    "FORM_UNKNOWN_TYPE": _FIELD_TYPE,
    "FORM_PATTERN": _PATTERN,
    "FORM_NO_WHY": _WHY,
    **dict.fromkeys(("FORM_EMPTY_LIST", "FORM_READONLY_IN_ROWS"), _LIST),
    "FORM_UNKNOWN_PROPERTY": _PROPERTY,
    **dict.fromkeys(("TEST_UNREADABLE", "TEST_ALIAS", "TEST_TAG", "TEST_KEY_TWICE"), _YAML),
    **dict.fromkeys(("BUNDLE_SECRET", "BUNDLE_LINK", "BUNDLE_PATH", "BUNDLE_TWICE", "BUNDLE_TOO_LARGE"), _BUNDLE),
    "TEST_WRONG": _SCENARIO,
    "TEST_FAILED": _PLAYED,
}

OTHER = T("按这句话改正后再试；不明白的，把文件名和代码告诉系统维护人员。")


def of(code: str) -> Text:
    """What to do about a finding with this code; for a code that is none of the checks' own, a general sentence."""
    return REMEDIES.get(code, OTHER)
