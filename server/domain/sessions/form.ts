import type { FieldFault } from "../errors.ts";
import { headOf, visibleText } from "../visibleText.ts";

/**
 * Forms that an MCP server asks a person to fill in (`elicitation/create`, MCP 2025-11-25): flat objects of texts, numbers,
 * switches and choices; or an address to open. The schema comes from the server and may be anything, so all of it is bounded,
 * and its patterns are not tried: a hostile one could hold the event loop for ever. The server checks what it gets itself.
 */
export const formFieldTypes = ["text", "number", "integer", "boolean", "choice", "choices"] as const;
export type FormFieldType = (typeof formFieldTypes)[number];
export const formFormats = ["email", "uri", "date", "date-time"] as const;
export type FormFormat = (typeof formFormats)[number];

/** A value that a form's field takes. */
export type FormValue = string | number | boolean | string[];

/** One field of a form. */
export interface FormField {
  name: string;
  label: string;
  description?: string;
  type: FormFieldType;
  /** Of a choice: what can be chosen. `value` is what the answer holds. */
  options?: Array<{ value: string; label: string }>;
  required: boolean;
  default?: FormValue;
  /** Of a number its bounds, of a text its length in characters, of choices how many. */
  min?: number;
  max?: number;
  format?: FormFormat;
}

/** A form as it is shown. With `url`: an address to open instead of fields. */
export interface Form {
  message: string;
  server?: string;
  url?: string;
  fields: FormField[];
}

/** A form as the CLI passes it on from an MCP server. */
export interface FormRequest {
  serverName: string;
  message: string;
  mode?: "form" | "url";
  url?: string;
  requestedSchema?: Record<string, unknown>;
}

const mostFields = 50;
const mostOptions = 200;
const mostNameUnits = 200;
const mostLabelUnits = 500;
const mostTextUnits = 10_000;
const mostUrlUnits = 4_096;

/** The form to show; or why it cannot be shown, in words for the log. */
export function formOf(request: FormRequest): { form: Form } | { unfit: string } {
  const server = shown(request.serverName, mostNameUnits);
  const message = shown(request.message, mostTextUnits);
  if (request.mode === "url") {
    const url = addressOf(request.url);
    return url === undefined
      ? { unfit: "its address is not an https address that can be shown whole" }
      : { form: { message, server, url, fields: [] } };
  }
  const { properties, required } = request.requestedSchema ?? {};
  const named = isRecord(properties) ? Object.entries(properties) : [];
  if (named.length > mostFields) return { unfit: `it has more than ${mostFields} fields` };
  const needed = new Set(Array.isArray(required) ? required : []);
  const fields: FormField[] = [];
  for (const [name, schema] of named) {
    const isRequired = needed.has(name);
    const field = isName(name) && isRecord(schema) ? fieldOf(name, schema, isRequired) : undefined;
    if (field !== undefined) fields.push(field);
    else if (isRequired) return { unfit: "a required field is of a kind that cannot be shown" };
  }
  return { form: { message, server, fields } };
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** A name that passes through JSON and objects of every language unchanged. */
const isName = (name: string): boolean =>
  name !== "" && name.length <= mostNameUnits && name.isWellFormed() && name !== "__proto__";

/** A text of the server's, as a person sees it. */
const shown = (text: unknown, mostUnits: number): string =>
  typeof text === "string" ? visibleText(headOf(text, mostUnits)).text : "";

/** In its canonical spelling, in which the name of the host is what a browser would go to. */
function addressOf(address: string | undefined): string | undefined {
  if (address === undefined || !URL.canParse(address)) return undefined;
  const url = new URL(address);
  // A name before the host makes an address look like another one's.
  if (url.protocol !== "https:" || url.username !== "" || url.password !== "") return undefined;
  return url.href.length > mostUrlUnits ? undefined : url.href;
}

type Schema = Record<string, unknown>;

function fieldOf(name: string, schema: Schema, required: boolean): FormField | undefined {
  const kind = kindOf(schema);
  if (kind === undefined) return undefined;
  const label = shown(schema.title, mostLabelUnits) || shown(name, mostNameUnits);
  const description = shown(schema.description, mostLabelUnits) || undefined;
  const field: FormField = { name, label, description, required, ...kind };
  // A default that does not fit its own field is none.
  if (isValue(schema.default) && faultOf(field, schema.default) === undefined) field.default = schema.default;
  return field;
}

type Kind = Pick<FormField, "type" | "options" | "min" | "max" | "format">;

function kindOf(schema: Schema): Kind | undefined {
  switch (schema.type) {
    case "string": {
      const options = optionsOf(schema);
      if (options === "unfit") return undefined;
      if (options !== undefined) return { type: "choice", options };
      const format = formFormats.find((known) => known === schema.format);
      return { type: "text", ...boundsOf(schema.minLength, schema.maxLength), format };
    }
    case "number":
    case "integer":
      return { type: schema.type, ...boundsOf(schema.minimum, schema.maximum) };
    case "boolean":
      return { type: "boolean" };
    case "array": {
      const options = isRecord(schema.items) ? optionsOf(schema.items) : "unfit";
      if (options === undefined || options === "unfit") return undefined;
      return { type: "choices", options, ...boundsOf(schema.minItems, schema.maxItems) };
    }
    default:
      return undefined;
  }
}

function boundsOf(min: unknown, max: unknown): Pick<FormField, "min" | "max"> {
  const bound = (value: unknown) => (typeof value === "number" && Number.isFinite(value) ? value : undefined);
  return { min: bound(min), max: bound(max) };
}

/** What can be chosen, in each of the forms that MCP knows; `undefined`: nothing is to be chosen from. */
function optionsOf({ enum: values, enumNames, oneOf, anyOf }: Schema): FormField["options"] | "unfit" {
  const titled = oneOf ?? anyOf;
  if (values === undefined && titled === undefined) return undefined;
  const names: unknown[] = Array.isArray(enumNames) ? enumNames : [];
  const listed: Array<[value: unknown, label: unknown]> = Array.isArray(values)
    ? values.map((value, index) => [value, names[index]])
    : Array.isArray(titled)
      ? titled.map((one: unknown) => (isRecord(one) ? [one.const, one.title] : [undefined, undefined]))
      : [];
  if (listed.length === 0 || listed.length > mostOptions) return "unfit";
  const options: Array<{ value: string; label: string }> = [];
  for (const [value, label] of listed) {
    if (typeof value !== "string" || value.length > mostLabelUnits || !value.isWellFormed()) return "unfit";
    options.push({ value, label: shown(label, mostLabelUnits) || shown(value, mostLabelUnits) });
  }
  return options;
}

const isValue = (value: unknown): value is FormValue =>
  ["string", "number", "boolean"].includes(typeof value) ||
  (Array.isArray(value) && value.every((one) => typeof one === "string"));

/** The answers that do not fit the form. Empty: they fit. */
export function formFaults(form: Form, answers: Readonly<Record<string, FormValue>> = {}): FieldFault[] {
  const byName = new Map(form.fields.map((field) => [field.name, field]));
  const faults: FieldFault[] = Object.keys(answers)
    .filter((name) => !byName.has(name))
    .map((name) => ({ path: `answers.${name}`, message: "is no field of the form" }));
  for (const field of form.fields) {
    const value = Object.hasOwn(answers, field.name) ? answers[field.name] : undefined;
    const message =
      value === undefined ? (field.required ? "is required" : undefined) : faultOf(field, value);
    if (message !== undefined) faults.push({ path: `answers.${field.name}`, message });
  }
  return faults;
}

/** Why the value does not fit the field. */
function faultOf(field: FormField, value: FormValue): string | undefined {
  const { type, min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY, options = [] } = field;
  const isOption = (one: unknown) => options.some((option) => option.value === one);
  const within = (count: number, what: string) =>
    count < min
      ? `must be at least ${min}${what}`
      : count > max
        ? `must be at most ${max}${what}`
        : undefined;
  switch (type) {
    case "text":
      if (typeof value !== "string") return "must be a text";
      if (value.length > mostTextUnits) return `must be at most ${mostTextUnits} characters`;
      // An empty text in a field that may be left out is an answer like another, whatever its format.
      return within([...value].length, " characters") ?? formatFaultOf(field, value);
    case "number":
    case "integer":
      if (typeof value !== "number" || !Number.isFinite(value)) return "must be a number";
      if (type === "integer" && !Number.isSafeInteger(value)) return "must be a whole number";
      return within(value, "");
    case "boolean":
      return typeof value === "boolean" ? undefined : "must be true or false";
    case "choice":
      return isOption(value) ? undefined : "must be one of the options";
    case "choices":
      if (!Array.isArray(value) || !value.every(isOption)) return "must be a list of options";
      if (new Set(value).size < value.length) return "must name each option once";
      return within(value.length, " options");
  }
}

function formatFaultOf({ format }: FormField, value: string): string | undefined {
  switch (format) {
    case "email":
      return /^[^\s@]{1,64}@[^\s@]{1,255}$/.test(value) ? undefined : "must be an e-mail address";
    case "uri":
      return URL.canParse(value) ? undefined : "must be an address with its scheme";
    case "date":
      return isDay(value) ? undefined : "must be a date, YYYY-MM-DD";
    case "date-time":
      return isDateTime(value) ? undefined : "must be a date and time, such as 2026-01-31T09:30:00Z";
    case undefined:
      return undefined;
  }
}

const daysOfMonth = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** A day that the calendar has. */
function isDay(value: string): boolean {
  if (!/^\d{4}-\d\d-\d\d$/.test(value)) return false;
  const [year = 0, month = 0, day = 0] = value.split("-").map(Number);
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return day >= 1 && day <= (month === 2 && isLeap ? 29 : (daysOfMonth[month - 1] ?? 0));
}

/** RFC 3339. */
function isDateTime(value: string): boolean {
  const parts = /^(\d{4}-\d\d-\d\d)[Tt ]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)$/.exec(value);
  return (
    parts !== null && isDay(parts[1]!) && !Number.isNaN(Date.parse(value.replace(" ", "T").toUpperCase()))
  );
}

/** The answers in the order and the names of the form; nothing of a form that only names an address. */
export const formContent = (
  form: Form,
  answers: Readonly<Record<string, FormValue>> = {},
): Record<string, FormValue> =>
  Object.fromEntries(
    form.fields.flatMap(({ name }) => (Object.hasOwn(answers, name) ? [[name, answers[name]!]] : [])),
  );
