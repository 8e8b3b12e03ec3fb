/** Chrome's picker; `lib.dom` does not know it. */
interface SavePickerWindow {
  showSaveFilePicker?: (options: {
    suggestedName: string;
    types: { description: string; accept: Record<string, string[]> }[];
  }) => Promise<FileSystemFileHandle>;
}

/** Where the browser can stream to a file of the person's choice: that file; else null. Needs a gesture. */
export async function pickSaveTarget(suggestedName: string): Promise<FileSystemFileHandle | null> {
  const { showSaveFilePicker } = window as SavePickerWindow;
  if (!showSaveFilePicker) return null;
  return showSaveFilePicker({
    suggestedName,
    types: [{ description: 'NumPy archive', accept: { 'application/zip': ['.npz'] } }],
  });
}

/** Hands a file to the browser's download list. */
export function downloadFile(file: File): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(file);
  link.download = file.name;
  link.click();
  // The download holds the blob from here on; the address may go once it has begun.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
