/** Saves a text as a file where a person keeps downloads. */
export function saveText(name: string, type: string, text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type }));
  const anchor = document.createElement('a');
  anchor.href = address;
  anchor.download = name;
  anchor.click();
  // The browser has begun to read it by then; earlier it might not have.
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
