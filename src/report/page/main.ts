import type { PageContent } from "../page-data.ts";
import { comparePage } from "./compare-page.ts";
import { runPage } from "./run-page.ts";
import { setUpTheme } from "./theme.ts";

const content = JSON.parse(document.getElementById("content")!.textContent) as PageContent;
const { toggle } = setUpTheme();
const parts = content.kind === "run" ? runPage(content.run, toggle) : comparePage(content.runs, toggle);
document.getElementById("page")!.replaceChildren(...parts);
