import { readFile, stat } from "node:fs/promises";
import { fileErrorText } from "../../config/document.ts";
import { csvGrid } from "./csv-profile.ts";
import { npzGrid, readNpz } from "./npz-profile.ts";
import type { PassTimeGrid } from "./pass-time-grid.ts";
import { gridProblem, ProfilePerfModel } from "./pass-time-grid.ts";
import { ProfileError } from "./profile-error.ts";
import { isResultsFolder, resultsFolderGrid } from "./results-folder-profile.ts";

/** Reads a profile: a mocker's .npz, a .csv, or a profiler's results folder. @throws ProfileError */
export async function loadProfile(path: string): Promise<ProfilePerfModel> {
  const grid = await readGrid(path);
  const problem = gridProblem(grid);
  if (problem !== null) throw new ProfileError(`${path}: ${problem}`);
  return new ProfilePerfModel(grid, `measured profile ${path}`);
}

async function readGrid(path: string): Promise<PassTimeGrid> {
  let isFolder: boolean;
  try {
    isFolder = (await stat(path)).isDirectory();
  } catch (error) {
    throw new ProfileError(`${path}: ${fileErrorText(error)}`);
  }
  if (isFolder) {
    if (isResultsFolder(path)) return resultsFolderGrid(path);
    throw new ProfileError(
      `${path}: no profiler results there (selected_prefill_interpolation/raw_data.npz and selected_decode_interpolation/raw_data.npz)`,
    );
  }
  const bytes = await readFile(path);
  if (path.toLowerCase().endsWith(".csv")) return csvGrid(path, bytes.toString("utf8"));
  return npzGrid(path, readNpz(path, bytes));
}
