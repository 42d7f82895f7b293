/** `date` in local time as Python's `strftime` writes it, in English. Unknown codes stay as they are. */
export function formatTime(date: Date, format: string): string {
  return format.replaceAll(/%(-?)([a-zA-Z%])/g, (text, isBare: string, code: string) => {
    const written = codes[code]?.(date);
    if (written === undefined) return text;
    return isBare === "" ? written : written.replace(/^0+(?=\d)/, "");
  });
}

const codes: Readonly<Record<string, (date: Date) => string>> = {
  Y: (date) => String(date.getFullYear()),
  y: (date) => twoDigits(date.getFullYear() % 100),
  m: (date) => twoDigits(date.getMonth() + 1),
  d: (date) => twoDigits(date.getDate()),
  e: (date) => String(date.getDate()).padStart(2),
  H: (date) => twoDigits(date.getHours()),
  I: (date) => twoDigits(date.getHours() % 12 || 12),
  M: (date) => twoDigits(date.getMinutes()),
  S: (date) => twoDigits(date.getSeconds()),
  p: (date) => (date.getHours() < 12 ? "AM" : "PM"),
  b: (date) => inEnglish(date, { month: "short" }),
  B: (date) => inEnglish(date, { month: "long" }),
  a: (date) => inEnglish(date, { weekday: "short" }),
  A: (date) => inEnglish(date, { weekday: "long" }),
  "%": () => "%",
};

function twoDigits(value: number): string {
  return String(value).padStart(2, "0");
}

function inEnglish(date: Date, options: Intl.DateTimeFormatOptions): string {
  return date.toLocaleDateString("en-US", options);
}
