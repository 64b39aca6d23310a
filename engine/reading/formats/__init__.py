"""Readers of formats that are neither delimited text nor JSON: workbooks, columnar files, labelled lines, folders of texts."""
