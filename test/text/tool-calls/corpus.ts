import type { ToolCallFormatName } from "../../../src/text/tool-calls/format.ts";
import type { Parsed } from "./parsed.ts";

/** Answers as models write them, and what they mean. */
export type Corpus = readonly (readonly [name: string, answer: string, expected: readonly Parsed[]])[];

const weather = '{"city": "Köln", "days": [1, {"a": "}]\\""}]}';

export const corpora: Readonly<Record<ToolCallFormatName, Corpus>> = {
  hermes: [
    [
      "one call",
      `<tool_call>\n{"name": "get_weather", "arguments": ${weather}}\n</tool_call>`,
      [["get_weather", weather]],
    ],
    [
      "several calls between texts",
      `Let me see.\n<tool_call>\n{"name": "get_weather", "arguments": ${weather}}\n</tool_call>\n<tool_call>{"name": "now", "arguments": {}}</tool_call>\nDone.`,
      ["Let me see.\n", ["get_weather", weather], ["now", "{}"], "\nDone."],
    ],
    [
      "white space alone around calls vanishes",
      '\n\n<tool_call>{"name":"now"}</tool_call>\n',
      [["now", "{}"]],
    ],
    [
      "arguments before the name",
      `<tool_call>{"arguments": ${weather}, "name": "get_weather"}</tool_call>`,
      [["get_weather", weather]],
    ],
    [
      "arguments in a string",
      `<tool_call>{"name": "get_weather", "arguments": ${JSON.stringify(weather)}}</tool_call>`,
      [["get_weather", weather]],
    ],
    [
      "arguments in a string before the name",
      `<tool_call>{"arguments": ${JSON.stringify(weather)}, "name": "get_weather"}</tool_call>`,
      [["get_weather", weather]],
    ],
    [
      "a string that is no object stays one",
      '<tool_call>{"name": "get_weather", "arguments": "K\\u00f6ln"}</tool_call>',
      [["get_weather", '"K\\u00f6ln"']],
    ],
    [
      "escaped pairs in a string",
      '<tool_call>{"name": "now", "arguments": "{\\"a\\": \\"\\ud83d\\ude00\\\\n\\"}"}</tool_call>',
      [["now", '{"a": "😀\\n"}']],
    ],
    ["null arguments", '<tool_call>{"name": "now", "arguments": null}</tool_call>', [["now", "{}"]]],
    ["an empty string of arguments", '<tool_call>{"name":"now","arguments":""}</tool_call>', [["now", "{}"]]],
    ["a call cut off in its arguments", '<tool_call>{"name":"add","arguments":{"a": 1', [["add", '{"a": 1']]],
    [
      "a call without its closing mark",
      '<tool_call>{"name":"add","arguments":{"a": 1}}',
      [["add", '{"a": 1}']],
    ],
    ["a call without its last brace", '<tool_call>{"name":"add","arguments":{"a": 1}', [["add", '{"a": 1}']]],
    [
      "a call without its closing mark before another",
      '<tool_call>{"name":"now"}\n<tool_call>{"name":"now"}',
      [
        ["now", "{}"],
        ["now", "{}"],
      ],
    ],
    [
      "members that nobody knows, behind the name",
      '<tool_call>{"name":"now","why":[{"a":"}"}],"arguments":{}}</tool_call>',
      [["now", "{}"]],
    ],
    [
      "an unknown tool is text",
      'a <tool_call>{"name": "rm", "arguments": {"a": 1}}</tool_call> b',
      ['a <tool_call>{"name": "rm", "arguments": {"a": 1}}</tool_call> b'],
    ],
    ["an open mark alone is text", "a <tool_call>\n", ["a <tool_call>\n"]],
    ["the beginning of a mark is text", "a <tool_c", ["a <tool_c"]],
    ["no JSON is text", "<tool_call>now()</tool_call>", ["<tool_call>now()</tool_call>"]],
    ["a name cut off is text", '<tool_call>{"name": "now"', ['<tool_call>{"name": "now"']],
    [
      "JSON that breaks before the call is given out is text",
      '<tool_call>{"name": "now", "arguments": {\'a\': 1}}',
      ['<tool_call>{"name": "now", "arguments": {\'a\': 1}}'],
    ],
    [
      "broken arguments before the name are text",
      '<tool_call>{"arguments": {"a" 1}, "name": "now"}',
      ['<tool_call>{"arguments": {"a" 1}, "name": "now"}'],
    ],
    [
      "JSON that breaks later ends the arguments",
      '<tool_call>{"name": "add", "arguments": {"a": <b>}}',
      [["add", '{"a": '], "<b>}}"],
    ],
    [
      "a call behind a broken one counts",
      '<tool_call>{"name" <tool_call>{"name": "now"}</tool_call>',
      ['<tool_call>{"name" ', ["now", "{}"]],
    ],
    [
      "a call behind half an inner tag counts",
      '<tool_call><tool_call>{"name": "now"}</tool_call>',
      ["<tool_call>", ["now", "{}"]],
    ],
    ["a closing mark without a call is text", "a </tool_call> b", ["a </tool_call> b"]],
    [
      "the tags of Qwen3-Coder",
      "Sure.\n<tool_call>\n<function=get_weather>\n<parameter=city>\nKöln\nam Rhein\n</parameter>\n<parameter=days>\n[1, 2]\n</parameter>\n</function>\n</tool_call>",
      ["Sure.\n", ["get_weather", '{"city":"Köln\\nam Rhein","days":[1, 2]}']],
    ],
    [
      "these tags without the outer one, and without arguments",
      "<function=now>\n</function>\n</tool_call>",
      [["now", "{}"]],
    ],
    [
      "these tags, cut off between arguments",
      "<function=add>\n<parameter=a>1</parameter>\n",
      [["add", '{"a":1}']],
    ],
    [
      "these tags, cut off in an argument",
      "<function=add>\n<parameter=a>1</parameter>\n<parameter=b>2",
      [["add", '{"a":1'], "\n<parameter=b>2"],
    ],
    ["these tags for an unknown tool", "<function=rm>\n</function>", ["<function=rm>\n</function>"]],
  ],
  "llama3-json": [
    ["one call", `{"name": "get_weather", "parameters": ${weather}}`, [["get_weather", weather]]],
    [
      "several with semicolons",
      '{"name": "now", "parameters": {}}; {"name": "add", "parameters": {"a": 1}}',
      [
        ["now", "{}"],
        ["add", '{"a": 1}'],
      ],
    ],
    [
      "several in an array",
      '[{"name": "now", "parameters": {}}, {"name": "add", "arguments": {"a": 1}}]',
      [
        ["now", "{}"],
        ["add", '{"a": 1}'],
      ],
    ],
    [
      "behind the mark",
      'So: <|python_tag|>{"type": "function", "name": "now", "parameters": {}}<|eom_id|>',
      ["So: ", ["now", "{}"]],
    ],
    ["in OpenAI's form", '{"type":"function","function":{"name":"now","parameters":{}}}', [["now", "{}"]]],
    ["with the name under function", '{"function": "add", "parameters": {"a": 1}}', [["add", '{"a": 1}']]],
    ["an answer in JSON", '{"weather": "fine", "name": "now"}', ['{"weather": "fine", "name": "now"}']],
    ["not at the beginning", 'It is {"name": "now"}', ['It is {"name": "now"}']],
    ["code behind the mark", "<|python_tag|>print(1)", ["<|python_tag|>print(1)"]],
    ["text behind a call", '{"name": "now"}\n\nok', [["now", "{}"], "\n\nok"]],
  ],
  "llama-pythonic": [
    [
      "several calls",
      "[get_weather(city='Kö\\'ln', days=[1, -2.5, (3,), {'a': None}]), now(), add(a=True, b=\"x\\n\")]",
      [
        ["get_weather", '{"city":"Kö\'ln","days":[1,-2.5,[3],{"a":null}]}'],
        ["now", "{}"],
        ["add", '{"a":true,"b":"x\\n"}'],
      ],
    ],
    [
      "numbers of Python",
      "[add(a=1_000, b=0x1F, c=1., d=.5, e=-1e-3, f=+7, g=00)]",
      [["add", '{"a":1000,"b":31,"c":1.0,"d":0.5,"e":-1e-3,"f":7,"g":0}']],
    ],
    [
      "strings of Python",
      "[add(a='''x'y''z''', b=\"\\x41\\u00e9\\U0001F600\\q\", c='', d=\"\"\"\"q\"\"\")]",
      [["add", '{"a":"x\'y\'\'z","b":"Aé😀\\\\q","c":"","d":"\\"q"}']],
    ],
    ["in marks", "<|python_start|>[now()]<|python_end|>", [["now", "{}"]]],
    ["one without a list, in marks", "<|python_tag|>add(a=1)<|eom_id|>", [["add", '{"a":1}']]],
    ["without the last bracket", "[add(a=1)", [["add", '{"a":1}']]],
    ["cut off in the second argument", "[add(a=1, b=2", [["add", '{"a":1'], ", b=2"]],
    ["cut off in the first argument", "[add(a=1", ["[add(a=1"]],
    ["an unknown tool", "[rm(a=1)]", ["[rm(a=1)]"]],
    ["arguments without names", "[add(1, 2)]", ["[add(1, 2)]"]],
    ["values that are no literals", "[add(a=now())]", ["[add(a=now())]"]],
    ["a list that is none of calls", "[1, 2]", ["[1, 2]"]],
    ["not at the beginning", "x [now()]", ["x [now()]"]],
  ],
  mistral: [
    [
      "an array",
      `[TOOL_CALLS] [{"name": "get_weather", "arguments": ${weather}}, {"name": "now", "arguments": {}}]`,
      [
        ["get_weather", weather],
        ["now", "{}"],
      ],
    ],
    [
      "ids in front of the arguments",
      '[TOOL_CALLS][{"id": "AbCdEf012", "name": "now", "arguments": {}}]',
      [["now", "{}", "AbCdEf012"]],
    ],
    ["ids behind them", '[TOOL_CALLS][{"name": "now", "arguments": {}, "id": "AbCdEf012"}]', [["now", "{}"]]],
    [
      "one mark for each call",
      'Hm.[TOOL_CALLS]add{"a": 1}[TOOL_CALLS]now[ARGS]{}',
      ["Hm.", ["add", '{"a": 1}'], ["now", "{}"]],
    ],
    ["with an id", '[TOOL_CALLS]add[CALL_ID]AbCdEf012[ARGS]{"a": 1}', [["add", '{"a": 1}', "AbCdEf012"]]],
    ["without the mark", '[{"name": "now", "arguments": {}}]', [["now", "{}"]]],
    ["an unknown tool", "[TOOL_CALLS]rm[ARGS]{}", ["[TOOL_CALLS]rm[ARGS]{}"]],
    [
      "a mark inside of another call's marks",
      "[TOOL_CALLS]add[TOOL_CALLS]now{}",
      ["[TOOL_CALLS]add", ["now", "{}"]],
    ],
    [
      "an unknown tool behind a known one",
      '[TOOL_CALLS][{"name":"now"},{"name":"rm"}]',
      [["now", "{}"], ',{"name":"rm"}]'],
    ],
    ["an empty array", "[TOOL_CALLS][]", ["[TOOL_CALLS][]"]],
    ["an array of other things", "[1, 2]", ["[1, 2]"]],
  ],
  granite: [
    [
      "Granite 3.0",
      `<|tool_call|>[{"name": "get_weather", "arguments": ${weather}}, {"name": "now", "arguments": {}}]`,
      [
        ["get_weather", weather],
        ["now", "{}"],
      ],
    ],
    ["Granite 3.1", '<tool_call>[{"arguments": {"a": 1}, "name": "add"}]', [["add", '{"a": 1}']]],
    ["Granite 4", '<tool_call>\n{"name": "now", "arguments": {}}\n</tool_call>', [["now", "{}"]]],
    ["the function calling model", '<function_call> {"name": "now", "arguments": {}}', [["now", "{}"]]],
    ["without the mark", ' [{"name": "now", "arguments": {}}]', [["now", "{}"]]],
    ["a broken list", "<|tool_call|>[now]", ["<|tool_call|>[now]"]],
  ],
  deepseek: [
    [
      "V3",
      `Ok.<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>get_weather\n\`\`\`json\n${weather}\n\`\`\`<｜tool▁call▁end｜>\n<｜tool▁call▁begin｜>function<｜tool▁sep｜>now\n\`\`\`json\n{}\n\`\`\`<｜tool▁call▁end｜><｜tool▁calls▁end｜><｜end▁of▁sentence｜>`,
      ["Ok.", ["get_weather", weather], ["now", "{}"]],
    ],
    [
      "V3.1",
      `<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>get_weather<｜tool▁sep｜>${weather}<｜tool▁call▁end｜><｜tool▁call▁begin｜>now<｜tool▁sep｜><｜tool▁call▁end｜><｜tool▁calls▁end｜>`,
      [
        ["get_weather", weather],
        ["now", "{}"],
      ],
    ],
    [
      "V3.2",
      '<｜DSML｜function_calls>\n<｜DSML｜invoke name="add">\n<｜DSML｜parameter name="a" string="true">12</｜DSML｜parameter>\n<｜DSML｜parameter name="b" string="false">12</｜DSML｜parameter>\n</｜DSML｜invoke>\n<｜DSML｜invoke name="now">\n</｜DSML｜invoke>\n</｜DSML｜function_calls>',
      [
        ["add", '{"a":"12","b":12}'],
        ["now", "{}"],
      ],
    ],
    ["without the outer marks", '<｜tool▁call▁begin｜>add<｜tool▁sep｜>{"a": 1}', [["add", '{"a": 1}']]],
    [
      "an unknown tool",
      "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>rm<｜tool▁sep｜>{}<｜tool▁call▁end｜>",
      ["<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>rm<｜tool▁sep｜>{}<｜tool▁call▁end｜>"],
    ],
  ],
  phi: [
    [
      "Phi-4",
      `functools[{"name": "get_weather", "arguments": ${weather}}, {"name": "now", "arguments": {}}]`,
      [
        ["get_weather", weather],
        ["now", "{}"],
      ],
    ],
    [
      "Phi-4-mini",
      '<|tool_call|>[{"type": "function", "function": {"name": "add", "arguments": {"a": 1}}}]<|/tool_call|>',
      [["add", '{"a": 1}']],
    ],
    ["the module of Python", "import functools\nfunctools[0]", ["import functools\nfunctools[0]"]],
  ],
  internlm: [
    [
      "one call",
      `I look.<|action_start|><|plugin|>\n{"name": "get_weather", "parameters": ${weather}}<|action_end|>\n`,
      ["I look.", ["get_weather", weather]],
    ],
    ["space between the marks", '<|action_start|> <|plugin|> {"name": "now"}', [["now", "{}"]]],
    [
      "the interpreter",
      "<|action_start|><|interpreter|>\nprint(1)<|action_end|>",
      ["<|action_start|><|interpreter|>\nprint(1)<|action_end|>"],
    ],
  ],
  xlam: [
    [
      "a bare array",
      `[{"name": "get_weather", "arguments": ${weather}}, {"name": "now", "arguments": {}}]`,
      [
        ["get_weather", weather],
        ["now", "{}"],
      ],
    ],
    [
      "a fence",
      'Here:\n```json\n[{"name": "add", "arguments": {"a": 1}}]\n```\nThat is it.',
      ["Here:\n", ["add", '{"a": 1}'], "\nThat is it."],
    ],
    [
      "behind thoughts",
      '<think>Hm [1].</think>\n[{"name": "now", "arguments": {}}]',
      ["<think>Hm [1].</think>", ["now", "{}"]],
    ],
    ["the mark of Mistral", '[TOOL_CALLS][{"name": "now", "arguments": {}}]', [["now", "{}"]]],
    ["the mark of Hermes", '<tool_call>[{"name": "now"}]</tool_call>', [["now", "{}"]]],
    ["other code", "```python\n[1]\n```\n\nok", ["```python\n[1]\n```\n\nok"]],
  ],
  "command-r": [
    [
      "Command A",
      `<|START_ACTION|>[\n    {"tool_call_id": "0", "tool_name": "get_weather", "parameters": ${weather}},\n    {"tool_call_id": "1", "tool_name": "now", "parameters": {}}\n]<|END_ACTION|>`,
      [
        ["get_weather", weather],
        ["now", "{}"],
      ],
    ],
    [
      "Command R",
      'Action: ```json\n[\n    {\n        "tool_name": "add",\n        "parameters": {"a": 1}\n    }\n]```',
      [["add", '{"a": 1}']],
    ],
    ["an action in words", "Action: wait.", ["Action: wait."]],
    [
      "a tool that only means to answer",
      'Action: ```json\n[{"tool_name": "directly_answer", "parameters": {}}]```',
      ['Action: ```json\n[{"tool_name": "directly_answer", "parameters": {}}]```'],
    ],
  ],
  json: [
    ["an object", `{"name": "get_weather", "arguments": ${weather}}`, [["get_weather", weather]]],
    [
      "an array",
      '[{"name": "now"}, {"name": "add", "parameters": {"a": 1}}]',
      [
        ["now", "{}"],
        ["add", '{"a": 1}'],
      ],
    ],
    [
      "lines",
      '{"name": "now"}\n{"name": "now"}',
      [
        ["now", "{}"],
        ["now", "{}"],
      ],
    ],
    [
      "a fence",
      'I will:\n\n```json\n{"name": "add", "arguments": {"a": 1}}\n```',
      ["I will:\n\n", ["add", '{"a": 1}']],
    ],
    ["a fence without a language", '```\n{"name": "now"}\n```', [["now", "{}"]]],
    ["behind thoughts", '<think>x</think> {"name": "now"}', ["<think>x</think>", ["now", "{}"]]],
    ["another object", '{"a": {"name": "now"}}', ['{"a": {"name": "now"}}']],
    ["other code", "```ts\nconst a = 1;\n```", ["```ts\nconst a = 1;\n```"]],
  ],
  xml: [
    [
      "a block",
      'Ok.\n<function_calls>\n<invoke name="get_weather">\n<parameter name="city">Köln & <b>Bonn</b></parameter>\n<parameter name="days">\n[1, 2]\n</parameter>\n</invoke>\n<invoke name="now">\n</invoke>\n</function_calls>\nDone.',
      ["Ok.\n", ["get_weather", '{"city":"Köln & <b>Bonn</b>","days":[1, 2]}'], ["now", "{}"], "\nDone."],
    ],
    [
      "invocations alone",
      "<invoke name='add'><parameter name='a'>1</parameter></invoke>",
      [["add", '{"a":1}']],
    ],
    [
      "words of Python and other values",
      '<invoke name="add"><parameter name="a">True</parameter><parameter name="b">None</parameter><parameter name="c"/><parameter name="d">007</parameter></invoke>',
      [["add", '{"a":true,"b":null,"c":"","d":"007"}']],
    ],
    [
      "JSON in a tag",
      `<tool name="get_weather">${weather}</tool>\n<tool name="now"></tool><tool name="now"/>`,
      [
        ["get_weather", weather],
        ["now", "{}"],
        ["now", "{}"],
      ],
    ],
    ["an unknown tool", '<invoke name="rm"></invoke>', ['<invoke name="rm"></invoke>']],
    ["other tags", "<invoke it><function_calls><b>", ["<invoke it><function_calls><b>"]],
  ],
};
